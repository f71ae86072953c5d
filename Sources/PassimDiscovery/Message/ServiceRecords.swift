package import PassimCore

/// The SRV records (RFC 2782) of a name server's answer.
package struct ServiceRecords: Hashable, Sendable {
    /// In their order. Targets that no host can be called are left out, and so is the root: "no such service".
    package var targets: [ServiceTarget] = []
    /// Seconds: the shortest TTL of all answers, those of aliases too; 0 without any.
    package var lifetime: UInt32 = 0

    init(_ targets: [ServiceTarget], lifetime: UInt32) {
        (self.targets, self.lifetime) = (targets, lifetime)
    }

    /// Type of the records.
    package static let type: UInt16 = 33

    /// - Parameter message: whole; only its answers are looked at, `DNSMessage.mostEntries` of them at most.
    /// - Returns: nil for what is cut off, malformed or no answer.
    package init?(parsing message: UnsafeRawBufferPointer) {
        var reader = DNSReader(message)
        guard reader.skip(2), let flags = reader.readWord(), flags & DNSMessage.Flags.response != 0,
            let questionCount = reader.readWord(), let answerCount = reader.readWord(), reader.skip(4),
            Int(questionCount) + Int(answerCount) <= DNSMessage.mostEntries
        else { return nil }
        for _ in 0..<questionCount {
            guard reader.readName() != nil, reader.skip(4) else { return nil }
        }
        var shortest: UInt32?
        for _ in 0..<answerCount {
            guard reader.readName() != nil, let type = reader.readWord(), reader.skip(2),
                let lifetime = reader.readDoubleWord(), let size = reader.readWord()
            else { return nil }
            shortest = min(shortest ?? .max, lifetime)
            guard type == ServiceRecords.type else {
                guard reader.skip(Int(size)) else { return nil }
                continue
            }
            let start = reader.position
            guard let priority = reader.readWord(), let weight = reader.readWord(),
                let port = reader.readWord(), let target = reader.readName(), reader.position - start == size
            else { return nil }
            // What a host can be called is decided where the administrator's names are.
            guard port > 0, let name = target.hostName,
                case .host(let host) = try? NamedMirror("\(name):\(port)")
            else { continue }
            targets.append(ServiceTarget(host: host, priority: priority, weight: weight))
        }
        lifetime = shortest ?? 0
    }
}

extension DNSName {
    /// Nil for the root, and for a name with a label that has other characters than those of a host.
    fileprivate var hostName: String? {
        var labels: [String] = []
        var position = 0
        while position < bytes.count, bytes[position] != 0 {
            let end = position + 1 + Int(bytes[position])
            let label = bytes[(position + 1)..<min(end, bytes.count)]
            let isText = label.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: true
                default: false
                }
            }
            guard isText else { return nil }
            labels.append(String(decoding: label, as: UTF8.self))
            position = end
        }
        return labels.isEmpty ? nil : labels.joined(separator: ".")
    }
}
