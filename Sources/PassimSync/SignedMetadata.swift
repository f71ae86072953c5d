// A file that a `.jcat` names must be there before the `.jcat`: fwupd takes the name from it, and asks for that.

internal import PassimConfig
internal import PassimCore
internal import PassimFetch
internal import PassimSystem

struct SignedMetadata {
    let place: MirrorPlace
    let settings: SyncSettings
    let manifest: Manifest

    /// Files that were made, or are to stay, because a `.jcat` names them.
    private(set) var named: Set<RawName> = []
    private var made: Publication
    /// The files among them that the manifest does not name. Each takes as much room as what it is a copy of, and
    /// whoever writes a `.jcat` may name any.
    private var unlisted: Set<RawName> = []

    /// A source of firmware has one or two metadata files, each under one such name.
    static let mostUnlisted = 16

    init(_ place: MirrorPlace, _ settings: SyncSettings, _ manifest: Manifest) {
        self.place = place
        self.settings = settings
        self.manifest = manifest
        made = Publication(place, vouch: settings.vouch)
    }

    /// Makes what is missing of what a `.jcat` names, from what the source has under another name.
    ///
    /// - Parameter content: of the `.jcat`.
    /// - Returns: why it must not appear; nil where it may.
    mutating func complete(_ path: RawName, _ content: [UInt8], _ report: inout SyncReport) -> String? {
        guard let signed = SignedNames(content) else { return nil }
        for item in signed.items {
            do throws(DownloadError) {
                if let fault = try complete(item, beside: path, &report) { return fault }
            } catch {
                return "what it names cannot be made: \(error)"
            }
        }
        return nil
    }

    private mutating func complete(
        _ item: SignedNames.Item, beside path: RawName, _ report: inout SyncReport
    ) throws(DownloadError) -> String? {
        guard let target = target(of: item, beside: path) else { return nil }
        named.insert(target)
        if manifest.position(of: target) == nil {
            unlisted.insert(target)
            guard unlisted.count <= SignedMetadata.mostUnlisted else {
                return
                    "it names \(target), and \(SignedMetadata.mostUnlisted) others that the manifest does not name: no more are made"
            }
        }
        if try isThere(target, item.digest) { return nil }
        let wanted = "it names \(target)" + (item.digest.map { " with the SHA-256 \($0)" } ?? "")
        if manifest.position(of: target) != nil {
            return "\(wanted), which the source does not have"
        }
        for alias in item.aliases + [RawName(bytes: Array(path.basename.bytes.dropLast(5)))] {
            let original = path.parent.appending(alias)
            guard alias.bytes.withUnsafeBytes({ ManifestName.fault($0) }) == nil, original != target,
                let digest = try digest(of: original), item.digest == nil || item.digest == digest
            else { continue }
            if try make(target, from: original, digest, &report) { return nil }
        }
        return "\(wanted), which the source has under no name"
    }

    /// nil where the name leads elsewhere, or is left out.
    private func target(of item: SignedNames.Item, beside path: RawName) -> RawName? {
        let target = path.parent.appending(item.id)
        guard !item.id.bytes.contains(0x2F), settings.dropIn.accepts(target),
            item.id.bytes.withUnsafeBytes({ ManifestName.fault($0) }) == nil
        else { return nil }
        return target
    }

    private func isThere(_ target: RawName, _ digest: Digest?) throws(DownloadError) -> Bool {
        let found = try self.digest(of: target)
        return found != nil && (digest == nil || digest == found)
    }

    private func digest(of path: RawName) throws(DownloadError) -> Digest? {
        do throws(SystemError) { return try place.digest(of: path) } catch { throw .system(error) }
    }

    private mutating func make(
        _ target: RawName, from original: RawName, _ digest: Digest, _ report: inout SyncReport
    ) throws(DownloadError) -> Bool {
        let size: UInt64?
        do throws(SystemError) {
            size = try place.size(of: original)
            if let size, try size > place.availableBytes() {
                throw SystemError(code: .noSpace, call: .write, subject: "\(target)")
            }
        } catch {
            throw .system(error)
        }
        let entry = Manifest.Entry(path: target, digest: digest, size: size ?? 0)
        guard size != nil, let part = try place.copy(original, entry) else { return false }
        made.add(Publication.File(entry: entry, part: part, modified: nil))
        let before = report
        made.flush(&report)
        guard report.failureCount == before.failureCount else { return false }
        report.fetched = before.fetched
        report.fetchedBytes = before.fetchedBytes
        report.made += 1
        return true
    }

    // MARK: - At the end

    /// Looks again whether all is there that the mirror's `.jcat` names, and as it names it.
    mutating func check(_ path: RawName, _ report: inout SyncReport) {
        do throws(SystemError) {
            guard try place.size(of: path) != nil else { return }
            guard let content = try place.content(of: path, limit: SignedNames.longestFile) else {
                return report.fail(path, "what it names is not checked: it is too large")
            }
            guard let signed = SignedNames(content) else {
                return report.fail(
                    path, "what it names cannot be read: not JSON of jcat-tool(1) in gzip, or too large")
            }
            for item in signed.items {
                guard let target = target(of: item, beside: path) else { continue }
                named.insert(target)
                let found = try place.digest(of: target)
                if found == nil || item.digest != nil && item.digest != found {
                    report.fail(path, "it names \(target), which is not there with the content that it names")
                }
            }
        } catch {
            report.fail(path, error.sentence)
        }
    }
}
