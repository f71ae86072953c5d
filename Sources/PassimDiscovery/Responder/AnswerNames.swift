internal import PassimCore

/// The statement about digests: that `_<60 digits>._sub._cache._tcp.local` points to an instance of the
/// service.
struct AnswerNames: Equatable, Sendable {
    /// The instance.
    let target: DNSName
    /// The labels behind the digits: `_sub._cache._tcp.local`.
    private let suffix: [UInt8]

    private static let labelCount = UInt8(1 + DigestPrefix.hexCount)

    /// - Parameter domain: labels with dots between them.
    init(instance: String, domain: String) {
        target = DNSName(unchecked: CacheService.pointer(to: instance, domain: domain))
        // The labels of `_cache._tcp` and the domain, without the instance's.
        let service = CacheService.pointer(to: "", domain: domain).dropFirst()
        suffix = [4] + Array("_sub".utf8) + service
    }

    /// - Returns: nil for every other name.
    func prefix(of name: DNSName) -> DigestPrefix? {
        let bytes = name.bytes
        let end = 1 + Int(AnswerNames.labelCount)
        guard bytes.count == end + suffix.count, bytes[0] == AnswerNames.labelCount, bytes[1] == 0x5F,
            zip(bytes[end...], suffix).allSatisfy({ foldedASCII($0) == foldedASCII($1) })
        else { return nil }
        return bytes.withUnsafeBytes { DigestPrefix(hex: UnsafeRawBufferPointer(rebasing: $0[2..<end])) }
    }

    func name(of prefix: DigestPrefix) -> DNSName {
        var bytes: [UInt8] = [AnswerNames.labelCount, 0x5F]
        bytes.reserveCapacity(2 + DigestPrefix.hexCount + suffix.count)
        prefix.appendHex(to: &bytes)
        bytes.append(contentsOf: suffix)
        return DNSName(unchecked: bytes)
    }

    /// The PTR record of a digest.
    func record(of prefix: DigestPrefix, lifetime: UInt32) -> DNSMessage.Pointer {
        .init(
            name: name(of: prefix), target: target, recordClass: DNSMessage.RecordClass.internet,
            lifetime: lifetime)
    }

    /// Which digest a record is of; nil where it is not of those that we have or would have.
    func prefix(of record: DNSMessage.Pointer) -> DigestPrefix? {
        guard record.recordClass == DNSMessage.RecordClass.internet, record.target == target else {
            return nil
        }
        return prefix(of: record.name)
    }

    /// Which digest is asked for.
    func prefix(of question: DNSMessage.Question) -> DigestPrefix? {
        guard
            question.type == DNSMessage.RecordType.pointer || question.type == DNSMessage.RecordType.any,
            question.questionClass == DNSMessage.RecordClass.internet
                || question.questionClass == DNSMessage.RecordClass.any
        else { return nil }
        return prefix(of: question.name)
    }
}
