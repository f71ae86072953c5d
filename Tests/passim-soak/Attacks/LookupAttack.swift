internal import PassimTestKit

/// A user of the neighbour who looks up what nobody has, a hundred times at once, beside the look-ups of root.
struct LookupAttack: Attack {
    let name = "crowds of look-ups"
    private let hosts: SoakHosts

    init(_ hosts: SoakHosts) {
        self.hosts = hosts
    }

    func perform(_ random: inout SeededGenerator) throws {
        let script = """
            from os import urandom
            from socket import create_connection
            from ssl import CERT_NONE, create_default_context
            from sys import argv
            from threading import Thread
            from time import monotonic
            port, end = int(argv[1]), monotonic() + float(argv[2])
            context = create_default_context()
            context.check_hostname = False
            context.verify_mode = CERT_NONE
            seen = set()
            def ask():
                try:
                    with context.wrap_socket(create_connection(("127.0.0.1", port), 60)) as client:
                        while monotonic() < end:
                            digest = urandom(32).hex()
                            client.sendall(f"GET /x?sha256={digest} HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n".encode())
                            seen.add(client.recv(65536)[9:12])
                except OSError:
                    pass
            threads = [Thread(target=ask) for _ in range(100)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            print(" ".join(sorted(status.decode() for status in seen)))
            """
        var setting = hosts.hosts[1].setting
        setting.user = 1
        let outcome = try Command.succeed(
            [
                "/usr/bin/python3", "-c", script, "\(hosts.neighbour.port)",
                "\(Int.random(in: 1...3, using: &random))",
            ], setting, seconds: 120)
        // Refused with an answer (503), where there are too many of one user's.
        let statuses = Set(outcome.text.split { " \n".contains($0) })
        guard statuses.contains("404") || statuses.contains("503"), statuses.isSubset(of: ["404", "503"])
        else {
            throw TestFailure("a crowd of look-ups was answered \(statuses)")
        }
    }
}
