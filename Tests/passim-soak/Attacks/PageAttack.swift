internal import PassimCrypto
internal import PassimTestKit

/// Searches of the page, more at once than there are threads for them.
struct PageAttack: Attack {
    let name = "crowds of pages"
    private let hosts: SoakHosts

    init(_ hosts: SoakHosts) {
        self.hosts = hosts
    }

    func perform(_ random: inout SeededGenerator) throws {
        let clients = try (0..<100).map { _ in try hosts.mirror.connect() }
        for client in clients {
            try client.client.send("GET /?q=none-\(random.next()) HTTP/1.1\r\nHost: localhost\r\n\r\n")
        }
        guard try hosts.mirror.get("/healthz").status == 200 else {
            throw TestFailure("/healthz is refused beside a crowd of pages")
        }
        var statuses: [Int: Int] = [:]
        for client in clients { statuses[try client.response(seconds: 60).status, default: 0] += 1 }
        guard Set(statuses.keys).isSubset(of: [200, 503]), statuses[200, default: 0] > 0 else {
            throw TestFailure("a crowd of pages was answered \(statuses)")
        }
    }
}
