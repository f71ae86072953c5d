internal import PassimCore
internal import PassimDiscovery
internal import PassimIndex
internal import PassimMirror
internal import PassimServer
internal import PassimSystem
internal import PassimWeb

extension PageSource {
    var metrics: Metrics {
        var metrics = Metrics()
        metrics.status = daemon.status
        if let server = daemon.server.withLock({ $0 }) {
            metrics.server = Metrics.Serving(server.counts)
            metrics.server.open = server.connectionCount
        }
        let hashed = daemon.mirror.counters
        metrics.hashedFiles = hashed.filesHashed
        metrics.hashedBytes = hashed.bytesHashed
        metrics.digests = daemon.index.digestCount
        metrics.published = daemon.index.totals(origin: .published)
        metrics.directories = daemon.mirror.statuses
        if let advertising = daemon.neighbourhood.withLock({ $0 })?.advertising {
            metrics.records.wanted = advertising.wanted
            metrics.records.registered = advertising.registered
            metrics.records.leftOut = advertising.leftOut
        }
        metrics.process = Metrics.Process(.now)
        metrics.process.started =
            Double(daemon.startTime.seconds) + Double(daemon.startTime.nanoseconds / 1_000_000) / 1000
        return metrics
    }
}

extension Metrics.Serving {
    fileprivate init(_ counts: ServerCounts) {
        self.init()
        responses = counts.responses
        bytes = counts.bytesSent
        accepted = counts.connections
        refused = counts.refused
        handshakes = counts.handshakes
        failedHandshakes = counts.failedHandshakes
        shares = counts.shares
        sharedBytes = counts.sharedBytes
        cutOff = counts.cutOff
        lookupsFound = counts.lookupsFound
        lookupsNobody = counts.lookupsNobody
    }
}

extension Metrics.Process {
    fileprivate init(_ usage: ProcessUsage) {
        self.init()
        processorSeconds = usage.processorSeconds
        residentBytes = usage.residentBytes
        virtualBytes = usage.virtualBytes
        openDescriptors = usage.openDescriptors
        mostDescriptors = usage.mostDescriptors
    }
}
