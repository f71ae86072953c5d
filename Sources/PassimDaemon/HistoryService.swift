internal import PassimCore
internal import PassimHTTP
internal import PassimServer
internal import PassimSystem
internal import PassimWeb
internal import ServiceLifecycle

/// Has the history go on: once a minute, and not more often, so that an idle machine may sleep.
struct HistoryService: Service {
    let daemon: Daemon

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: .seconds(60), tolerance: .seconds(5))
                daemon.noteHistory()
            }
        }
    }
}

extension Daemon {
    /// Notes the counts so far, for the charts.
    func noteHistory() {
        guard let server = server.withLock({ $0 }) else { return }
        let total = recentDownloads.total
        history.note(
            Activity.Sample(
                downloads: total.downloads, bytes: total.bytes, misses: server.counts.lookupsNobody),
            at: monotonicNanoseconds())
    }
}
