import Glibc
import PassimCore
import PassimTestKit
import Testing

/// `Certificate=` and `Key=`: an authority's certificate, with the tools that administrators have.
struct CertificateTests {
    let site: DaemonSite
    var tree: TemporaryTree { site.tree }

    init() throws {
        site = try DaemonSite()
        try site.put("file", "content")
        try site.share("mirror", as: "mirror", "Names=true")
        try openssl(
            "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-days", "3650",
            "-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.pem")
        try issue(1)
        try site.configure(["Certificate=\(tree.absolute("chain.pem"))", "Key=\(tree.absolute("key.pem"))"])
    }

    private func openssl(_ arguments: String...) throws {
        try Command.succeed(["sh", "-c", "cd \"$0\" && exec openssl \"$@\"", tree.path] + arguments)
    }

    /// A certificate with this serial, whole under its name; for a new key where there is none.
    private func issue(_ serial: Int) throws {
        if !tree.exists("key.pem") {
            try openssl("ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", "key.pem")
            try tree.changeMode("key.pem", 0o600)
        }
        try openssl("req", "-new", "-key", "key.pem", "-subj", "/CN=mirror.example", "-out", "request.pem")
        try tree.write("names", "subjectAltName=DNS:mirror.example\n")
        try openssl(
            "x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial",
            "\(serial)",
            "-days", "3650", "-extfile", "names", "-out", ".chain.pem")
        try tree.rename(".chain.pem", to: "chain.pem")
    }

    /// The answer to a client that checks certificates.
    private func fetch(_ daemon: DaemonProcess) throws -> String {
        try Command.succeed([
            "curl", "-sS", "--cacert", tree.absolute("ca.pem"), "--noproxy", "*", "--resolve",
            "mirror.example:\(daemon.port):127.0.0.1", "https://mirror.example:\(daemon.port)/file",
        ]).text
    }

    private func serial(_ daemon: DaemonProcess) throws -> String {
        let text = try Command.succeed([
            "sh", "-c",
            "openssl s_client -connect 127.0.0.1:$0 </dev/null 2>/dev/null | openssl x509 -noout -serial",
            "\(daemon.port)",
        ]).text
        return String(text.drop { $0 != "=" }.dropFirst().prefix { $0 != "\n" })
    }

    private func state() throws -> [String] {
        try Command.succeed(["ls", "-lnA", "--time-style=full-iso", tree.path]).text.split(separator: "\n")
            .filter { $0.hasSuffix(".pem") }.map(String.init)
    }

    @Test func certificateOfAnAuthorityIsServedAndItsFilesAreLeftAlone() throws {
        let before = try state()
        let daemon = try site.start()
        try daemon.firstPass()
        #expect(try fetch(daemon) == "content")
        #expect(try serial(daemon) == "01")
        daemon.process.kill(SIGHUP)
        try daemon.process.waitForLine(containing: "reading configuration, key and certificate again")
        #expect(try fetch(daemon) == "content")
        #expect(try state() == before)
        #expect(!tree.exists("var/lib/passim/secret.key"))
    }

    @Test func renewedCertificateIsTakenOverAtHangUp() throws {
        let daemon = try site.start()
        try issue(2)
        daemon.process.kill(SIGHUP)
        try wait { try serial(daemon) == "02" }
    }

    @Test func renewedCertificateIsTakenOverByItself() throws {
        let daemon = try site.start()
        try daemon.firstPass()
        try issue(3)
        try wait { try serial(daemon) == "03" }
        #expect(try fetch(daemon) == "content")
        // With another key, the key first.
        try tree.rename("key.pem", to: "old.pem")
        try issue(4)
        try wait { try serial(daemon) == "04" }
    }

    @Test func pairThatCannotBeUsedLeavesTheOldOneInUse() throws {
        let daemon = try site.start()
        try daemon.firstPass()
        try tree.rename("key.pem", to: "old.pem")
        try openssl("ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", "key.pem")
        let other = try tree.read("key.pem")
        daemon.process.kill(SIGHUP)
        let (_, next) = try daemon.process.waitForLine(
            containing: "the key and certificate of before stay in use", seconds: 60)
        #expect(try fetch(daemon) == "content")
        #expect(try tree.read("key.pem") == other)
        try tree.write("chain.pem", "nonsense")
        daemon.process.kill(SIGHUP)
        try daemon.process.waitForLine(
            containing: "the key and certificate of before stay in use", from: next, seconds: 60)
        #expect(try serial(daemon) == "01")
        try tree.remove("key.pem")
        try issue(5)
        daemon.process.kill(SIGHUP)
        try wait { try serial(daemon) == "05" }
    }

    /// As passimd(8) has it, in other places.
    @Test func hookOfTheManualGivesTheDaemonWhatCertbotHas() throws {
        let manual = try Command.succeed(["cat", Products.repository + "/etc/man/passimd.8"]).text
        let script = try #require(
            manual.split(separator: ".EX\n").first { $0.hasPrefix("#!/bin/sh -e\nplace=/etc/passim\n") })
        let lines = script.split(separator: "\n").prefix { $0 != ".EE" }.joined(separator: "\n")
        try site.configure([
            "Certificate=\(tree.absolute("place/cert.pem"))", "Key=\(tree.absolute("place/key.pem"))",
        ])
        func run(_ reload: String) throws {
            let hook = lines.replacing("/etc/passim", with: tree.absolute("place"))
                .replacing("-g passim", with: "-g \(getgid())")
                .replacing("systemctl reload passim", with: reload)
            #expect(hook.contains(reload))
            try tree.write("hook", hook + "\n", mode: 0o755)
            try Command.succeed([
                "sh", "-e", "-c",
                """
                cd "$0"
                mkdir -p lineage
                cp key.pem lineage/privkey.pem
                cp chain.pem lineage/fullchain.pem
                RENEWED_LINEAGE=$PWD/lineage ./hook
                """, tree.path,
            ])
        }
        try run("true")
        let daemon = try site.start()
        #expect(try serial(daemon) == "01")
        #expect(try tree.status("place/key.pem").mode == 0o640)
        try issue(7)
        try run("kill -HUP \(daemon.process.identifier)")
        try wait { try serial(daemon) == "07" }
        #expect(try tree.list("place").count == 2)
    }

    @Test(arguments: ["missing", "mismatch", "half", "relative"])
    func daemonDoesNotStartWithoutIt(fault: String) throws {
        switch fault {
        case "missing": try tree.remove("chain.pem")
        case "mismatch": try openssl("ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", "key.pem")
        case "half": try site.configure(["Certificate=\(tree.absolute("chain.pem"))"])
        default: try site.configure(["Certificate=chain.pem", "Key=\(tree.absolute("key.pem"))"])
        }
        let reason = [
            "missing": "chain.pem: there is no such file", "mismatch": "it is not for the key",
            "half": "there is no Key=", "relative": "chain.pem is not an absolute path",
        ][fault]!
        let error = #expect(throws: TestFailure.self) { try site.start() }
        let text = "\(error!)"
        #expect(text.contains("critical"), "\(text)")
        #expect(text.contains(reason), "\(text)")
        #expect(!tree.exists("var/lib/passim/cert.pem"))
    }

    /// For liveness only: the files are looked at each quarter of a minute.
    private func wait(_ condition: () throws -> Bool) throws {
        let end = ContinuousClock.now + .seconds(90)
        while try !condition() {
            if ContinuousClock.now > end { throw TestFailure("not within a minute and a half") }
            usleep(50_000)
        }
    }
}
