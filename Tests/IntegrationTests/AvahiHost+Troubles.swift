import Glibc
import PassimTestKit
import Testing

extension AvahiHost {
    /// Waits until `passim status` tells of a trouble of a daemon here, and then expects it on page, metrics and `/readyz`.
    func expectTrouble(
        _ severity: String, _ kind: String, _ words: String, of daemon: DaemonProcess,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let passim = try Products.path(of: "passim")
        let end = ContinuousClock.now + .seconds(60)
        var status = try run(passim, "status", "--all").text
        while !status.contains(words), ContinuousClock.now < end {
            usleep(50_000)
            status = try run(passim, "status", "--all").text
        }
        #expect(status.contains(words), "\(status)", sourceLocation: sourceLocation)
        func get(_ path: String) throws -> String {
            try run("curl", "--silent", "--insecure", "https://localhost:\(daemon.port)\(path)").text
        }
        // Words are between its tags, and a sentence begins with a capital.
        let page = HTML.text(try get("/")).lowercased()
        #expect(
            page.contains(HTML.escaped(words).lowercased()), "\(page)", sourceLocation: sourceLocation)
        let metrics = try get("/metrics")
        #expect(
            metrics.contains("passim_trouble{severity=\"\(severity)\",kind=\"\(kind)\""), "\(metrics)",
            sourceLocation: sourceLocation)
        let ready = try get("/readyz")
        #expect(
            ready.split(separator: "\n").contains {
                $0.hasPrefix("\(severity) \(kind): ") && $0.contains(words)
            },
            "\(ready)", sourceLocation: sourceLocation)
    }
}
