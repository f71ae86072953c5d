import Glibc

extension DaemonProcess {
    /// Waits until so many digests can be found by other machines, by records or by answers, as /metrics tells.
    ///
    /// - Parameter host: where the daemon runs.
    package func waitUntilFindable(_ count: Int, on host: AvahiHost, seconds: Double = 600) throws {
        let end = ContinuousClock.now + .seconds(seconds)
        let url = "https://localhost:\(port)/metrics"
        while true {
            let metrics = try host.run("curl", "--silent", "--insecure", url).text
            if metrics.contains("\npassim_records_registered \(count)\n") { return }
            guard ContinuousClock.now < end else {
                throw TestFailure("\(count) digests are not findable: \(metrics)")
            }
            usleep(100_000)
        }
    }
}
