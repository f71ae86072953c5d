package import PassimCore
package import PassimSystem

/// How far a download is.
package struct DownloadProgress: Hashable, Sendable {
    /// Bytes that are there, those of former tries too.
    package var received: UInt64
    /// Bytes of the file.
    package var total: UInt64
    /// The sender's URL.
    package var url: String
}

/// A file that has come.
package struct Downloaded: Hashable, Sendable {
    /// Bytes.
    package var size: UInt64
    /// As whoever sent the end of it said; nil where nobody did.
    package var contentType: String?
    /// The URL of the sender of its end; nil if all of it was there before.
    package var url: String?
}

/// Fetches a file by its digest from whoever sends it. Blocks until it is there, or nobody is left to ask.
///
/// Peers are asked one after the other. What has come is kept when one breaks off or is slow, and the next one is asked
/// for the rest. Where all are slow, the fastest of them goes on. Content counts only with the right digest.
package final class Download {
    private let digest: Digest
    private let limits: DownloadLimits
    private let onProgress: (DownloadProgress) -> Void
    private let onFailure: (PeerFailure) -> Void
    private let more: () -> [String]

    /// - Parameters:
    ///   - onProgress: called for each piece that has come, often.
    ///   - onFailure: called when a peer is given up, before the next one is asked.
    ///   - more: called when nobody is left to ask; gives others, until it gives none.
    package init(
        _ digest: Digest, limits: DownloadLimits = DownloadLimits(),
        onProgress: @escaping (DownloadProgress) -> Void = { _ in },
        onFailure: @escaping (PeerFailure) -> Void = { _ in }, more: @escaping () -> [String] = { [] }
    ) {
        self.digest = digest
        self.limits = limits
        self.onProgress = onProgress
        self.onFailure = onFailure
        self.more = more
    }

    /// Puts the file at its destination when it is whole, with all bytes on the disk. What came of it before a
    /// failure stays beside, for the next try.
    ///
    /// - Parameter candidates: URLs, best first; one that is there twice may be asked twice.
    package func save(
        from candidates: [String], to destination: consuming Destination
    ) throws(DownloadError) -> Downloaded {
        let name = destination.name
        let file = try PartialFile(for: digest, in: destination.directory)
        let downloaded = try fetch(from: candidates, into: file)
        do throws(SystemError) {
            try file.publish(as: name)
        } catch {
            throw DownloadError(error)
        }
        return downloaded
    }

    /// Writes the file to something open when it is whole. Until then it is in a nameless file of `directory`.
    package func write(
        from candidates: [String], to output: borrowing Descriptor, by directory: consuming Descriptor
    ) throws(DownloadError) -> Downloaded {
        let file: PartialFile
        do throws(SystemError) {
            file = try PartialFile(unnamedIn: directory)
        } catch {
            throw DownloadError(error)
        }
        let downloaded = try fetch(from: candidates, into: file)
        do throws(SystemError) {
            try file.copy(to: output)
        } catch {
            throw .system(error)
        }
        return downloaded
    }

    private func fetch(
        from candidates: [String], into file: PartialFile
    ) throws(DownloadError) -> Downloaded {
        if file.byteCount > 0, file.digest == digest { return Downloaded(size: file.byteCount) }
        if candidates.isEmpty { throw .noPeers }
        do throws(DownloadError) {
            return try ask(candidates, for: file)
        } catch {
            if case .noSpace = error { file.discard() }
            throw error
        }
    }

    private func ask(_ candidates: [String], for file: PartialFile) throws(DownloadError) -> Downloaded {
        let easy = try DownloadAttempt.makeHandle()
        var failures: [PeerFailure] = []
        var tries: [String: Int] = [:]
        /// Bytes/s of those that were too slow.
        var slow: [String: UInt64] = [:]
        var waiting = candidates[...]
        while true {
            if waiting.isEmpty { waiting = more()[...] }
            let next = waiting.popFirst()
            guard let url = next ?? slow.max(by: { ($0.value, $1.key) < ($1.value, $0.key) })?.key else {
                break
            }
            let before = file.byteCount
            slow[url] = nil
            let (outcome, sender) = try ask(url, easy, for: file) { speed in
                // The fastest of the slow ones is kept.
                if next == nil { return false }
                if waiting.isEmpty { waiting = self.more()[...] }
                return !waiting.isEmpty || slow.values.contains { $0 > speed }
            }
            guard case .failed(let reason) = outcome else {
                return Downloaded(size: file.byteCount, contentType: easy.contentType, url: sender)
            }
            let failure = PeerFailure(url: url, effectiveURL: sender, reason: reason)
            switch reason {
            case .lied:
                do throws(SystemError) { try file.restart() } catch { throw DownloadError(error) }
            case .cutOff:
                tries[url, default: 0] += 1
                if file.byteCount > before, tries[url]! < limits.tries { waiting.append(url) }
            case .slow(let speed): slow[url] = speed
            case .denied, .unreachable, .nonsense, .redirects, .noRoom, .stalled:
                // It will not do otherwise now.
                waiting.removeAll { $0 == url }
            }
            failures.append(failure)
            onFailure(failure)
        }
        throw .allFailed(failures, kept: file.keptBytes)
    }

    /// - Returns: no `beginAnew`, and who answered.
    private func ask(
        _ url: String, _ easy: EasyHandle, for file: PartialFile,
        isReplaceable: @escaping (_ speed: UInt64) -> Bool
    ) throws(DownloadError) -> (DownloadAttempt.Outcome, sender: String) {
        for _ in 0..<2 {
            let attempt = DownloadAttempt(
                url, digest, into: file, limits, easy, isReplaceable: isReplaceable, onProgress: onProgress)
            let outcome = try attempt.run()
            guard case .beginAnew = outcome else { return (outcome, attempt.effectiveURL) }
            do throws(SystemError) { try file.restart() } catch { throw DownloadError(error) }
        }
        return (.failed(.nonsense("does not send the file from its beginning")), url)
    }
}
