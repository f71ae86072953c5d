// Reads a PULP_MANIFEST as it comes: lines `path,sha256,size`, the last with or without an end. A path may hold commas
// and spaces, so lines are split from the right. A line that is refused does not touch the others.

internal import Glibc
package import PassimCore
internal import PassimCrypto

package struct ManifestParser {
    /// Why a text is no manifest at all.
    package enum Failure: Error, Hashable, Sendable {
        case tooManyLines
        case tooLong
        /// None of its lines names a file: a login page, say.
        case noFiles
    }

    /// Bytes of a line at most: the longest path, a digest, a size.
    static let longestLine = ManifestName.longestPath + 1 + 64 + 1 + 20
    static let mostLines = 1_000_000
    static let mostPathBytes = 256 << 20
    /// Bytes of a manifest at most, refused lines too.
    static let longest = 1 << 30

    private var manifest = Manifest()
    private let hasher = SHA256Hasher()
    /// The beginning of a line whose end has not come yet.
    private var rest: [UInt8] = []
    private var isTooLong = false
    private var line = 0
    private var byteCount = 0

    package init() {}

    package mutating func take(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
        hasher.update(bytes)
        byteCount += bytes.count
        if byteCount > ManifestParser.longest { throw .tooLong }
        var start = bytes.startIndex
        while let end = ManifestParser.lineEnd(bytes, start) {
            if rest.isEmpty, !isTooLong {
                try takeLine(bytes[start..<end])
            } else {
                keep(bytes[start..<end])
                try endOfRest()
            }
            start = end + 1
        }
        keep(bytes[start...])
    }

    /// - Returns: the files, and the digest of the text.
    package mutating func finish() throws(Failure) -> (Manifest, Digest) {
        if !rest.isEmpty || isTooLong { try endOfRest() }
        manifest.finish()
        if manifest.count == 0 { throw .noFiles }
        return (manifest, hasher.finish())
    }

    private static func lineEnd(_ bytes: UnsafeRawBufferPointer, _ start: Int) -> Int? {
        guard start < bytes.count, let base = bytes.baseAddress else { return nil }
        return memchr(base + start, 0x0A, bytes.count - start).map { UnsafeRawPointer($0) - base }
    }

    private mutating func keep(_ bytes: Slice<UnsafeRawBufferPointer>) {
        if rest.count + bytes.count > ManifestParser.longestLine { isTooLong = true }
        if !isTooLong { rest.append(contentsOf: bytes) }
    }

    private mutating func endOfRest() throws(Failure) {
        let whole = rest
        rest.removeAll(keepingCapacity: true)
        if isTooLong {
            isTooLong = false
            line += 1
            whole.withUnsafeBytes { manifest.refuse(line, $0[...], "the line is too long") }
            return
        }
        var failure: Failure?
        whole.withUnsafeBytes { bytes in
            do throws(Failure) { try takeLine(bytes[...]) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    private mutating func takeLine(_ text: Slice<UnsafeRawBufferPointer>) throws(Failure) {
        line += 1
        let text = text.last == 0x0D ? text.dropLast() : text
        if text.isEmpty { return }
        guard let (path, digest, size) = ManifestParser.split(text) else {
            return manifest.refuse(line, text, "not a path, a SHA-256 and a size")
        }
        if let fault = ManifestName.fault(UnsafeRawBufferPointer(rebasing: path)) {
            return manifest.refuse(line, text, fault)
        }
        if manifest.lineCount == ManifestParser.mostLines { throw .tooManyLines }
        if manifest.pathBytes + path.count > ManifestParser.mostPathBytes { throw .tooLong }
        manifest.append(path, digest, size)
    }

    private static func split(
        _ text: Slice<UnsafeRawBufferPointer>
    ) -> (Slice<UnsafeRawBufferPointer>, Digest, UInt64)? {
        guard let second = text.lastIndex(of: 0x2C), let first = text[..<second].lastIndex(of: 0x2C),
            let digest = Digest(hex: UnsafeRawBufferPointer(rebasing: text[(first + 1)..<second])),
            let size = number(text[(second + 1)...])
        else { return nil }
        return (text[..<first], digest, size)
    }

    /// Digits and nothing else, of what a file system can hold.
    private static func number(_ digits: Slice<UnsafeRawBufferPointer>) -> UInt64? {
        guard 1...19 ~= digits.count else { return nil }
        var number: UInt64 = 0
        for digit in digits {
            guard 0x30...0x39 ~= digit else { return nil }
            number = number * 10 + UInt64(digit - 0x30)
        }
        return number <= UInt64(Int64.max) ? number : nil
    }
}

extension ManifestParser.Failure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tooManyLines: "PULP_MANIFEST names more than \(ManifestParser.mostLines) files"
        case .tooLong: "PULP_MANIFEST is too long"
        case .noFiles: "PULP_MANIFEST names no file: the server sends something else under that name"
        }
    }
}
