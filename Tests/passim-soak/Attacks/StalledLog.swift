internal import Glibc
internal import PassimTestKit

/// Standard error that nobody reads, while much is said: a drop-in with twenty mistakes, read again and again.
struct StalledLog: Attack {
    let name = "a log that stalls"
    private let hosts: SoakHosts

    init(_ hosts: SoakHosts) {
        self.hosts = hosts
    }

    func perform(_ random: inout SeededGenerator) throws {
        let process = hosts.mirror.process
        let dropIn = "etc/passim.d/noisy.conf"
        process.stallErrors(true)
        do {
            defer { process.stallErrors(false) }
            for round in 0..<6 {
                let keys = (0..<20).map { "Key\(round)x\($0)=\(random.next())\n" }
                try hosts.site.tree.write(dropIn, "[passim]\nPath=nowhere\n\(keys.joined())")
                process.kill(SIGHUP)
                usleep(UInt32.random(in: 50_000...300_000, using: &random))
            }
            // It serves and scans.
            try hosts.expectService(from: hosts.onMirror)
            let content = "written while the log stalls \(random.next())"
            try hosts.site.tree.write("rough/stalled", content)
            try hosts.mirror.expectServed(content, seconds: 90)
        }
        try hosts.site.tree.remove(dropIn)
    }
}
