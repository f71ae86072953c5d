import PassimCore
import PassimTestKit

@testable import PassimDiscovery

/// Asks over mDNS from one of the hosts, with sockets of its own and a reader of DNS messages of its own, in
/// Python.
enum Asker {
    /// Asks for each of the names as a resolver does that does not know mDNS, every 20 ms, for some seconds.
    ///
    /// - Returns: a process that prints `asked N answered M`, with what was answered in less than a second.
    static func steadily(_ numbers: [Int], seconds: Double, on host: AvahiHost) throws -> ChildProcess {
        let names = numbers.map { CacheService.subtype(of: Digest(of: "digest \($0)")) + ".local" }
        let process = try ChildProcess(
            ["/usr/bin/python3", "-c", program, "steadily", "\(seconds)"] + names, host.setting)
        try process.waitForLine(containing: "asking")
        return process
    }

    /// One question to the group, and what comes back for it, a line for each packet:
    /// `FROM:PORT id ID flags FLAGS questions N answers NAME TARGET TTL …`.
    ///
    /// - Parameter family: 4 or 6.
    /// - Parameter port: 5353 hears what everybody hears.
    static func once(
        _ number: Int, on host: AvahiHost, family: Int = 4, port: Int = 0, unicast: Bool = false,
        hops: Int = 255, interface: String = "lan0"
    ) throws -> [String] {
        let name = CacheService.subtype(of: Digest(of: "digest \(number)")) + ".local"
        let outcome = try Command.succeed(
            [
                "/usr/bin/python3", "-c", program, "once", "\(family)", "\(port)", unicast ? "1" : "0",
                "\(hops)",
                name, interface,
            ], host.setting)
        return outcome.text.split(separator: "\n").map { String($0) }
    }

    private static let program = #"""
        import select, socket, struct, sys, time

        def wire(name):
            return b"".join(bytes([len(l)]) + l.encode() for l in name.split(".")) + b"\0"

        def query(number, name, unicast=False):
            kind = 0x8001 if unicast else 1
            return struct.pack(">6H", number, 0, 1, 0, 0, 0) + wire(name) + struct.pack(">2H", 12, kind)

        def read_name(packet, place):
            labels, end, start = [], None, place
            while packet[place]:
                if packet[place] >= 192:
                    target = struct.unpack_from(">H", packet, place)[0] & 0x3FFF
                    assert 12 <= target < start, "a pointer that does not lead back"
                    end = place + 2 if end is None else end
                    start = place = target
                else:
                    assert packet[place] < 64
                    labels.append(packet[place + 1:place + 1 + packet[place]].decode())
                    place += 1 + packet[place]
            return ".".join(labels), place + 1 if end is None else end

        def read(packet):
            number, flags, questions, answers, authority, additional = struct.unpack_from(">6H", packet)
            place, records = 12, []
            for _ in range(questions):
                _, place = read_name(packet, place)
                place += 4
            for _ in range(answers + authority + additional):
                name, place = read_name(packet, place)
                kind, group, ttl, size = struct.unpack_from(">2HIH", packet, place)
                place += 10
                if kind == 12:
                    target, end = read_name(packet, place)
                    assert end == place + size, "a record of another size"
                    records.append((name, target, ttl, group))
                place += size
            assert place == len(packet), "more than was promised"
            return number, flags, questions, records

        def open_socket(family, port, hops, interface="lan0"):
            index = socket.if_nametoindex(interface)
            if family == 4:
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, hops)
                member = socket.inet_aton("224.0.0.251") + struct.pack("=4si", bytes(4), index)
                s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, struct.pack("=4s4si", bytes(4), bytes(4), index))
                join = (socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
                group = ("224.0.0.251", 5353)
            else:
                s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
                s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, hops)
                s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
                member = socket.inet_pton(socket.AF_INET6, "ff02::fb") + struct.pack("=I", index)
                join = (socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, member)
                group = ("ff02::fb", 5353, 0, index)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if port:
                s.setsockopt(*join)
            s.bind(("", port))
            return s, group

        def steadily(seconds, names):
            s, group = open_socket(4, 0, 255)
            sent, answered, number = {}, 0, 0
            end = time.monotonic() + seconds
            following = time.monotonic()
            print("asking", file=sys.stderr, flush=True)
            while time.monotonic() < end + 1:
                now = time.monotonic()
                if now < end and now >= following:
                    number += 1
                    name = names[number % len(names)]
                    s.sendto(query(number & 0xFFFF, name), group)
                    sent[number & 0xFFFF] = (now, name)
                    following = now + 0.02
                if select.select([s], [], [], 0.005)[0]:
                    got, flags, questions, records = read(s.recv(9000))
                    asked = sent.pop(got, None)
                    if asked and time.monotonic() - asked[0] < 1 and records[0][0] == asked[1]:
                        answered += 1
            for when, name in sent.values():
                print("lost", round(when - end + seconds, 3), name, file=sys.stderr)
            print("asked", number, "answered", answered, file=sys.stderr, flush=True)

        def once(family, port, unicast, hops, name, interface):
            s, group = open_socket(family, port, hops, interface)
            s.sendto(query(7 if not port else 0, name, unicast), group)
            end = time.monotonic() + 1.5
            while time.monotonic() < end:
                if select.select([s], [], [], 0.05)[0]:
                    packet, sender = s.recvfrom(9000)
                    number, flags, questions, records = read(packet)
                    if flags & 0x8000 and any(r[0] == name for r in records):
                        print(f"{sender[0]}:{sender[1]} id {number} flags {flags:04x} questions {questions}",
                            "answers", *(f"{n} {t} {ttl} {group:04x}" for n, t, ttl, group in records))

        if sys.argv[1] == "steadily":
            steadily(float(sys.argv[2]), sys.argv[3:])
        else:
            once(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "1", int(sys.argv[5]), *sys.argv[6:8])

        """#
}
