internal import PassimCore
internal import PassimTestKit

/// Legacy questions of mDNS (RFC 6762, 6.7), 512 times the same in a packet, from a host of the network. What is there
/// is found afterwards as before (Checks).
struct QuestionAttack: Attack {
    let name = "repeated questions"
    private let hosts: SoakHosts

    init(_ hosts: SoakHosts) {
        self.hosts = hosts
    }

    func perform(_ random: inout SeededGenerator) throws {
        let digest = random.pick(hosts.steady).digest
        let script = """
            from socket import AF_INET, IP_MULTICAST_IF, IPPROTO_IP, SOCK_DGRAM, inet_aton, socket
            from struct import pack
            from sys import argv
            name = b"".join(bytes([len(part)]) + part.encode() for part in argv[2].split(".")) + b"\\0"
            first = name + pack(">HH", 12, 1)
            question = pack(">H", 0xC00C) + pack(">HH", 12, 1)
            packet = pack(">HHHHHH", 1, 0, 512, 0, 0, 0) + first + question * 511
            asking = socket(AF_INET, SOCK_DGRAM)
            asking.setsockopt(IPPROTO_IP, IP_MULTICAST_IF, inet_aton(argv[1]))
            for _ in range(int(argv[3])):
                asking.sendto(packet, ("224.0.0.251", 5353))
            """
        try Command.succeed(
            [
                "/usr/bin/python3", "-c", script, SoakHosts.attackerAddress,
                "_\(digest.hex.prefix(60))._sub._cache._tcp.local",
                "\(Int.random(in: 50...500, using: &random))",
            ], hosts.liar.setting)
    }
}
