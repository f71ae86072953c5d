internal import PassimCore
internal import PassimCrypto
internal import PassimDiscovery
internal import PassimIndex
internal import PassimLookup
internal import PassimMirror
internal import PassimServer
internal import PassimSystem
internal import PassimWeb

extension PageSource {
    var metrics: Metrics {
        var metrics = Metrics()
        metrics.status = daemon.status
        if let server = daemon.server.withLock({ $0 }) {
            metrics.server = server.counts
            metrics.openConnections = server.connectionCount
        }
        let hashed = daemon.mirror.counters
        metrics.hashedFiles = hashed.filesHashed
        metrics.hashedBytes = hashed.bytesHashed
        metrics.digests = daemon.index.digestCount
        metrics.published = daemon.index.totals(origin: .published)
        let health = daemon.health
        metrics.directories = health.directories
        metrics.troubles = health.troubles
        metrics.disks = daemon.disks.spaces.map { .init(path: $0.path, $0.space) }
        metrics.certificateEnd = daemon.identity.withLock { $0 }?.end
        if let neighbourhood = daemon.neighbourhood.withLock({ $0 }) {
            metrics.discovery = Metrics.Discovery(neighbourhood.advertising, neighbourhood.answers)
            if !neighbourhood.advertising.isWaiting { metrics.peers = neighbourhood.survey?.machineCount }
            metrics.mirrors = neighbourhood.mirrors?.statuses ?? []
        }
        metrics.process = Metrics.Process(.now)
        metrics.process.started =
            Double(daemon.startTime.seconds) + Double(daemon.startTime.nanoseconds / 1_000_000) / 1000
        return metrics
    }
}

extension Metrics.Discovery {
    fileprivate init(_ advertising: AdvertiserStatus, _ counted: AnswerCounters) {
        self.init()
        wanted = advertising.wanted
        registered = advertising.registered
        leftOut = advertising.leftOut
        isAnswering = advertising.means == .answers
        questions = counted.questions
        answers = counted.answers
        privateAnswers = counted.privateAnswers
        dropped = counted.dropped
        malformed = counted.malformed
        foreign = counted.foreign
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

extension Metrics.Disk {
    fileprivate init(path: String, _ space: FileSystemSpace) {
        self.init(
            path: path, freeBytes: space.freeBytes, bytes: space.bytes, freeFiles: space.freeFiles,
            files: space.files)
    }
}
