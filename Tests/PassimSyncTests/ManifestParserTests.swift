import PassimCore
import PassimCrypto
import PassimTestKit
import Testing

@testable import PassimSync

@Suite struct ManifestParserTests {
    private static let digest = String(repeating: "0f", count: 32)

    private func parse(_ text: String, pieces: Int = .max) throws -> (Manifest, Digest) {
        var parser = ManifestParser()
        let bytes = Array(text.utf8)
        var start = 0
        while start < bytes.count {
            let end = min(
                bytes.count,
                start.addingReportingOverflow(pieces).partialValue.magnitude > UInt(bytes.count)
                    ? bytes.count : start + pieces)
            try bytes[start..<end].withUnsafeBytes { try parser.take($0) }
            start = end
        }
        return try parser.finish()
    }

    @Test func linesAreSplitFromTheRight() throws {
        let text =
            "b, with commas,\(Self.digest),5\na file,\(Self.digest.uppercased()),0\r\n\nsub/dir/c,\(Self.digest),7"
        let (manifest, digest) = try parse(text)
        #expect(
            (0..<manifest.count).map { manifest[$0].path.description } == [
                "a file", "b, with commas", "sub/dir/c",
            ])
        #expect((0..<manifest.count).map { manifest[$0].size } == [0, 5, 7])
        #expect(manifest[0].digest == Digest(hex: Self.digest))
        #expect(manifest.faultCount == 0)
        #expect(digest == SHA256Hasher.digest(of: Array(text.utf8)))
        #expect(manifest.position(of: RawName("sub/dir/c")) == 2)
        #expect(manifest.position(of: RawName("sub/dir")) == nil)
        #expect(manifest.position(of: RawName("z")) == nil)
    }

    @Test(arguments: [
        "/etc/passwd", "../up", "a/../b", ".", "..", "a//b", "a/", "", "./a", "a/.", "with\u{1B}[31m",
        "\u{7F}",
        ".passim-0123.part", "sub/.passim-x.part", String(repeating: "x", count: 256),
        String(repeating: "x/", count: 2100) + "x",
    ])
    func namesThatLeadElsewhereAreRefused(name: String) throws {
        let (manifest, _) = try parse("good,\(Self.digest),1\n\(name),\(Self.digest),1\n")
        #expect(manifest.count == 1)
        #expect(manifest.faultCount == 1)
        #expect(manifest.faults.first?.line == 2)
    }

    @Test(arguments: [
        "", "a", "a,b,c", "a,\(digest)", "a,\(digest),", "a,\(digest),-1", "a,\(digest),+1", "a,\(digest),1x",
        "a,\(digest),9223372036854775808", "a,\(digest),99999999999999999999", "a,\(digest.dropLast()),1",
        "<html>",
    ])
    func anythingElseIsNoManifest(text: String) throws {
        #expect(throws: ManifestParser.Failure.noFiles) { try parse(text) }
    }

    @Test func aNameThatIsThereTwiceCountsOnceOrNotAtAll() throws {
        let other = String(repeating: "1f", count: 32)
        let (manifest, _) = try parse(
            "a,\(Self.digest),1\nb,\(Self.digest),1\na,\(Self.digest),1\nb,\(other),1\nc,\(Self.digest),1\nc,\(Self.digest),2\nd,\(other),3"
        )
        #expect((0..<manifest.count).map { manifest[$0].path.description } == ["a", "d"])
        #expect(manifest.faults.map(\.text.description) == ["b", "c"])
    }

    @Test func faultsAreCountedAndNotKept() throws {
        let bad = String(repeating: "nonsense\n", count: 1000)
        let (manifest, _) = try parse("a,\(Self.digest),1\n" + bad)
        #expect(manifest.faultCount == 1000)
        #expect(manifest.faults.count == Manifest.mostFaults)
    }

    @Test func aLineThatIsTooLongIsRefusedAndTheOthersAreNot() throws {
        for pieces in [1000, .max] {
            let (manifest, _) = try parse(
                String(repeating: "x", count: 100_000) + ",\(Self.digest),1\na,\(Self.digest),1\n",
                pieces: pieces)
            #expect(manifest.count == 1)
            #expect(manifest.faultCount == 1)
        }
    }

    /// Whatever pieces it comes in, and with a second implementation that splits whole lines.
    @Test func piecesDoNotMatter() throws {
        var generator = SeededGenerator()
        for _ in 0..<300 {
            var lines: [String] = []
            for _ in 0..<Int.random(in: 1...20, using: &generator) {
                let parts = ["a", "b,", "/", "..", "é", Self.digest, ",", "12", "\r", " "]
                let count = Int.random(in: 0...4, using: &generator)
                let head = (0..<count).map { _ in parts.randomElement(using: &generator)! }.joined()
                lines.append(
                    generator.chance(2)
                        ? head : "\(head),\(Self.digest),\(UInt16.random(in: 0...99, using: &generator))")
            }
            let text = lines.joined(separator: "\n")
            let expected = Set(lines.compactMap { Self.reference($0) }.map(\.0))
            for pieces in [1, 7, 64, Int.max] {
                guard let (manifest, digest) = try? parse(text, pieces: pieces) else {
                    // The same name with two sizes is none of either.
                    continue
                }
                #expect(digest == SHA256Hasher.digest(of: Array(text.utf8)))
                for position in 0..<manifest.count {
                    let path = manifest[position].path
                    #expect(expected.contains(path.description), "\(path)")
                    #expect(manifest.position(of: path) == position)
                    if position > 0 { #expect(manifest[position - 1].path < path) }
                }
            }
        }
    }

    private static func reference(_ line: String) -> (String, Int)? {
        let line = line.hasSuffix("\r") ? String(line.dropLast()) : line
        var parts = line.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count >= 3, let size = Int(parts.removeLast()), parts.removeLast() == Self.digest else {
            return nil
        }
        let path = parts.joined(separator: ",")
        let components = path.split(separator: "/", omittingEmptySubsequences: false)
        if components.contains(where: { ["", ".", ".."].contains($0) }) || path.contains("\r") { return nil }
        return (path, size)
    }
}
