internal import PassimCore
internal import PassimHTTP
internal import Synchronization

/// The counts of one reactor. Only its thread writes, so nothing is locked; others read.
final class ReactorCounters: Sendable {
    private let responses: [Counter]
    /// Where the counter of a status code is, from code 0 on; none: past the last.
    private let places: [UInt8]
    let bytesSent = Counter()
    let connections = Counter()
    let refused = Counter()
    let handshakes = Counter()
    let failedHandshakes = Counter()
    let shares = Counter()
    let sharedBytes = Counter()
    let cutOff = Counter()
    let fileWaits = Counter()
    let fileWaitsGivenUp = Counter()
    let fileWaitsRefused = Counter()
    private let lookupsFound = Counter()
    private let lookupsNobody = Counter()
    private let fileTimes = TimeCounters()
    private let lookupTimes = TimeCounters()
    private let pageTimes = TimeCounters()

    init() {
        responses = Status.sent.map { _ in Counter() }
        var places = [UInt8](repeating: .max, count: 600)
        for (place, status) in Status.sent.enumerated() { places[Int(status.rawValue)] = UInt8(place) }
        self.places = places
    }

    func note(_ status: Status) {
        let place = Int(places[Int(status.rawValue)])
        if place < responses.count { responses[place].add(1) }
    }

    func note(found: Bool) {
        (found ? lookupsFound : lookupsNobody).add(1)
    }

    func note(firstByteOf answer: ServerCounts.Answer, after nanoseconds: UInt64) {
        switch answer {
        case .file: fileTimes.note(nanoseconds)
        case .lookup: lookupTimes.note(nanoseconds)
        case .page: pageTimes.note(nanoseconds)
        }
    }

    func add(to sum: inout ServerCounts) {
        for (status, counter) in zip(Status.sent, responses) where counter.value > 0 {
            sum.responses[status, default: 0].add(saturating: counter.value)
        }
        sum.bytesSent.add(saturating: bytesSent.value)
        sum.connections.add(saturating: connections.value)
        sum.refused.add(saturating: refused.value)
        sum.handshakes.add(saturating: handshakes.value)
        sum.failedHandshakes.add(saturating: failedHandshakes.value)
        sum.shares.add(saturating: shares.value)
        sum.sharedBytes.add(saturating: sharedBytes.value)
        sum.cutOff.add(saturating: cutOff.value)
        sum.lookupsFound.add(saturating: lookupsFound.value)
        sum.lookupsNobody.add(saturating: lookupsNobody.value)
        sum.fileWaits.add(saturating: fileWaits.value)
        sum.fileWaitsGivenUp.add(saturating: fileWaitsGivenUp.value)
        sum.fileWaitsRefused.add(saturating: fileWaitsRefused.value)
        let times: [(ServerCounts.Answer, TimeCounters)] = [
            (.file, fileTimes), (.lookup, lookupTimes), (.page, pageTimes),
        ]
        for (answer, counters) in times {
            sum.firstBytes[answer, default: TimeDistribution()].add(counters.value)
        }
    }
}

/// Counts times, on one thread; may be read on any.
final class TimeCounters: Sendable {
    private let counts = (0...TimeDistribution.bounds.count).map { _ in Counter() }
    private let sum = Counter()

    func note(_ nanoseconds: UInt64) {
        counts[TimeDistribution.place(of: nanoseconds)].add(1)
        sum.add(nanoseconds)
    }

    var value: TimeDistribution {
        var value = TimeDistribution()
        for (place, counter) in counts.enumerated() { value.counts[place] = counter.value }
        value.nanoseconds = sum.value
        return value
    }
}

/// Counts up, on one thread; may be read on any.
final class Counter: Sendable {
    private let count = Atomic<UInt64>(0)

    /// Not an atomic addition, which costs ten times as much: nobody else writes.
    func add(_ number: UInt64) {
        count.store(value.adding(saturating: number), ordering: .relaxed)
    }

    var value: UInt64 { count.load(ordering: .relaxed) }
}
