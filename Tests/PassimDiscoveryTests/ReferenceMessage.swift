import PassimCore

@testable import PassimDiscovery

/// A second reading of DNS messages, as plainly as can be: names by recursion, everything copied.
enum ReferenceMessage {
    static func parse(_ packet: [UInt8]) -> DNSMessage? {
        guard packet.count >= 12 else { return nil }
        func word(_ place: Int) -> Int? {
            place + 2 <= packet.count ? Int(packet[place]) * 256 + Int(packet[place + 1]) : nil
        }
        var message = DNSMessage(identifier: UInt16(word(0)!), flags: UInt16(word(2)!))
        var place = 12
        var entries = 0
        for _ in 0..<word(4)! {
            if entries == DNSMessage.mostEntries { return message }
            entries += 1
            guard let (labels, end) = name(packet, at: place, jumps: 0), let type = word(end),
                let kind = word(end + 2)
            else { return nil }
            message.questions.append(
                .init(
                    name: labels, type: UInt16(type), questionClass: UInt16(kind % 0x8000),
                    wantsUnicast: kind >= 0x8000))
            place = end + 4
        }
        for _ in 0..<word(6)! {
            if entries == DNSMessage.mostEntries { return message }
            entries += 1
            guard let (labels, end) = name(packet, at: place, jumps: 0), let type = word(end),
                let kind = word(end + 2), let high = word(end + 4), let low = word(end + 6),
                let size = word(end + 8), end + 10 + size <= packet.count
            else { return nil }
            place = end + 10 + size
            guard type == 12 else { continue }
            guard let (target, targetEnd) = name(packet, at: end + 10, jumps: 0), targetEnd == place else {
                return nil
            }
            message.answers.append(
                .init(
                    name: labels, target: target, recordClass: UInt16(kind % 0x8000),
                    lifetime: UInt32(high * 65536 + low)))
        }
        return message
    }

    /// The SRV records of an answer: again from the beginning, by places.
    static func services(_ packet: [UInt8]) -> ServiceRecords? {
        func word(_ place: Int) -> Int? {
            place + 2 <= packet.count ? Int(packet[place]) * 256 + Int(packet[place + 1]) : nil
        }
        guard packet.count >= 12, packet[2] >= 0x80, word(4)! + word(6)! <= DNSMessage.mostEntries else {
            return nil
        }
        var place = 12
        for _ in 0..<word(4)! {
            guard let (_, end) = name(packet, at: place, jumps: 0), end + 4 <= packet.count else {
                return nil
            }
            place = end + 4
        }
        var targets: [ServiceTarget] = []
        var lifetimes: [Int] = []
        for _ in 0..<word(6)! {
            guard let (_, end) = name(packet, at: place, jumps: 0), end + 10 <= packet.count,
                let size = word(end + 8), end + 10 + size <= packet.count
            else { return nil }
            place = end + 10 + size
            lifetimes.append(word(end + 4)! * 65536 + word(end + 6)!)
            if word(end)! != 33 { continue }
            guard size >= 7, let (labels, last) = labels(packet, at: end + 16, jumps: 0), last == place,
                labels.reduce(1, { $0 + $1.count + 1 }) <= 255
            else { return nil }
            let text = labels.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ".")
            let letters = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_".utf8)
            guard labels.allSatisfy({ $0.allSatisfy(letters.contains) }),
                case .host(let host) = try? NamedMirror("\(text):\(word(end + 14)!)")
            else { continue }
            targets.append(
                ServiceTarget(
                    host: host, priority: UInt16(word(end + 10)!), weight: UInt16(word(end + 12)!)))
        }
        return ServiceRecords(targets, lifetime: UInt32(lifetimes.min() ?? 0))
    }

    private static func name(_ packet: [UInt8], at start: Int, jumps: Int) -> (DNSName, Int)? {
        guard let (labels, end) = labels(packet, at: start, jumps: jumps) else { return nil }
        let bytes: [UInt8] = labels.flatMap { [UInt8($0.count)] + $0 } + [0]
        return bytes.count <= 255 ? (DNSName(unchecked: bytes), end) : nil
    }

    private static func labels(_ packet: [UInt8], at start: Int, jumps: Int) -> ([[UInt8]], Int)? {
        var found: [[UInt8]] = []
        var place = start
        // More labels than a name can have.
        while place < packet.count, found.count < 300 {
            let length = Int(packet[place])
            if length == 0 { return (found, place + 1) }
            if length < 64 {
                guard place + 1 + length <= packet.count else { return nil }
                found.append(Array(packet[(place + 1)...(place + length)]))
                place += 1 + length
            } else if length >= 192, place + 1 < packet.count {
                let target = (length - 192) * 256 + Int(packet[place + 1])
                guard target < start, jumps < 32, let rest = labels(packet, at: target, jumps: jumps + 1)
                else {
                    return nil
                }
                return (found + rest.0, place + 2)
            } else {
                return nil
            }
        }
        return nil
    }
}
