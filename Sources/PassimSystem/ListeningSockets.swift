/// The sockets of this network namespace that listen, as /proc/net/tcp and tcp6 have them (proc(5)).
package enum ListeningSockets {
    /// TCP_LISTEN of the kernel's tcp_states.h.
    private static let listening = "0A"
    /// Bytes: a line is 150, and each connection of the machine has one.
    private static let longest = 64 << 20

    /// The users whose processes listen at a port, at whatever address; everybody may know.
    ///
    /// - Returns: none where that cannot be read.
    package static func owners(ofPort port: UInt16) -> Set<UInt32> {
        var owners: Set<UInt32> = []
        for path in ["/proc/net/tcp", "/proc/net/tcp6"] {
            guard let text = try? readFile(path, limit: longest) else { continue }
            owners.formUnion(self.owners(ofPort: port, in: text))
        }
        return owners
    }

    /// - Parameter text: of one of the files: `sl: ADDRESS:PORT REMOTE STATE TX:RX TR:WHEN RETRNSMT UID …` a line, numbers
    ///   but the UID in hexadecimal.
    static func owners(ofPort port: UInt16, in text: [UInt8]) -> Set<UInt32> {
        var owners: Set<UInt32> = []
        for line in text.split(separator: 0x0A).dropFirst() {
            let words = line.split(separator: 0x20).prefix(8).map { String(decoding: $0, as: UTF8.self) }
            guard words.count == 8, words[3] == listening,
                let digits = words[1].split(separator: ":").last, UInt16(digits, radix: 16) == port,
                let owner = UInt32(words[7])
            else { continue }
            owners.insert(owner)
        }
        return owners
    }
}
