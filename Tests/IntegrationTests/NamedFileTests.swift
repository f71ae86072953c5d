import Glibc
import PassimCore
import PassimTestKit
import Testing

/// Files by their names (`Names=true`), with the real mirror behind them.
struct NamedFileTests {
    let site: DaemonSite

    init() throws {
        site = try DaemonSite()
        try site.put("sub/file.txt", "old content")
    }

    @Test func namesComeAndGoWithTheDropIn() throws {
        try site.share()
        let daemon = try site.start()
        try daemon.firstPass()
        #expect(try daemon.get("/sub/file.txt").status == 400)
        try site.share("mirror", as: "mirror", "Names=true")
        try wait { try daemon.get("/sub/file.txt").text == "old content" }
        #expect(try daemon.get("/none").status == 404)
        try site.share("mirror", as: "mirror", "Names=true", "Prefix=/pub")
        try wait { try daemon.get("/pub/sub/file.txt").text == "old content" }
        #expect(try daemon.get("/sub/file.txt").status == 404)
        try site.share("mirror", as: "mirror", "Names=maybe")
        try wait { try daemon.get("/pub/sub/file.txt").status == 400 }
    }

    /// From the moment that a file is replaced, nothing of the old one comes under its name.
    @Test func replacedFileIsTheNewOneOrToBeAskedForLater() throws {
        try site.share("mirror", as: "mirror", "Names=true")
        let daemon = try site.start()
        try daemon.firstPass()
        let connection = try daemon.connect()
        // Its bytes are still there under another name.
        try site.put("copy", "old content")
        try wait { try connection.request("GET", "/copy").text == "old content" }
        for round in 0..<3 {
            let content = "content \(round)"
            try site.tree.write("mirror/.next", content)
            try site.tree.rename("mirror/.next", to: "mirror/sub/file.txt")
            try wait {
                let answer = try connection.request("GET", "/sub/file.txt")
                if answer.status == 503 {
                    #expect(answer["Retry-After"] == "2")
                    return false
                }
                #expect(answer.status == 200)
                #expect(answer.text == content)
                return true
            }
        }
        try site.tree.remove("mirror/sub/file.txt")
        try wait {
            let status = try connection.request("GET", "/sub/file.txt").status
            #expect(status == 503 || status == 404)
            return status == 404
        }
    }

    /// A file that is there is never said not to be, however early in the first pass somebody asks.
    @Test func fileIsNotSaidToBeMissingDuringTheFirstPass() throws {
        for number in 0..<3000 { try site.put("deep/\(number % 50)/\(number)", "content \(number)") }
        try site.share("mirror", as: "mirror", "Names=true")
        let daemon = try site.start()
        let connection = try daemon.connect()
        for number in stride(from: 2999, to: 0, by: -7) {
            try wait {
                let answer = try connection.request("GET", "/deep/\(number % 50)/\(number)")
                #expect(answer.status == 200 || answer.status == 503)
                return answer.status == 200
            }
        }
    }

    @Test func plainPortServesNamesAndDigests() throws {
        let port = try freePort()
        try site.configure(["HTTPPort=\(port)"])
        try site.share("mirror", as: "mirror", "Names=true")
        let daemon = try site.start()
        try daemon.firstPass()
        try daemon.process.waitForLine(containing: "serving plain HTTP at port \(port)")
        func curl(_ target: String) throws -> String {
            try Command.succeed(["curl", "-s", "-w", " %{http_code}", "http://127.0.0.1:\(port)\(target)"])
                .text
        }
        #expect(try curl("/sub/file.txt") == "old content 200")
        #expect(try curl("/x?sha256=\(Digest(of: "old content").hex)") == "old content 200")
        for path in ["/", "/metrics", "/healthz", "/none"] {
            #expect(try curl(path).hasSuffix(" 404"), "\(path)")
        }
    }

    @Test func portOfRootIsRefusedWithTheSysctl() throws {
        try site.configure(["HTTPPort=80"])
        let daemon = try site.start()
        #expect(daemon.log.contains("HTTPPort=80: only root may listen at ports below"))
        #expect(daemon.log.contains("net.ipv4.ip_unprivileged_port_start=80"))
        #expect(!daemon.log.contains("serving plain HTTP"))
    }

    @Test func takenPlainPortIsNamed() throws {
        let port = try freePort()
        try site.configure(["HTTPPort=\(port)"])
        let first = try site.start()
        let other = try DaemonSite("HTTPPort=\(port)")
        let error = #expect(throws: TestFailure.self) { try other.start() }
        #expect("\(error!)".contains("port \(port) is taken"))
        #expect("\(error!)".contains("set HTTPPort= in passim.conf"))
        #expect(first.isRunning)
    }

    /// For liveness only.
    private func wait(_ condition: () throws -> Bool) throws {
        let end = ContinuousClock.now + .seconds(60)
        while try !condition() {
            if ContinuousClock.now > end { throw TestFailure("not within a minute") }
            usleep(5000)
        }
    }
}
