import PassimCore
import PassimIndex

@testable import PassimBus
@testable import PassimGLib
@testable import PassimMirror
@testable import PassimWeb

extension FuzzTarget {
    /// What happens to the files of a directory, a line each: `+SIZE` one comes, `#N` the one that has waited N places
    /// behind the first is hashed, `-N` it is gone unhashed, `xN` one that was hashed goes, `tNANOSECONDS` passes, `p` a
    /// pass begins. Then all that is told of it.
    static let status = FuzzTarget(
        name: "status",
        sources: [
            "PassimCore/SaturatingArithmetic.swift", "PassimCore/Status.swift",
            "PassimMirror/State/ScanProgress.swift",
            "PassimIndex/IndexTotals.swift", "PassimWeb/Activity.swift", "PassimWeb/Metrics.swift",
            "PassimWeb/IndexPage+Directories.swift",
        ],
        words: [
            "\n", "+", "#0\n", "-0\n", "x0\n", "t1\n", "p\n", "+0\n", "+1\n", "+9223372036854775807\n",
            "+18446744073709551615\n", "t18446744073709551615\n", "t1000000000\n",
        ],
        rounds: 1500
    ) { (input) throws(Flaw) in
        var run = StatusRun()
        // Each step takes the index some time.
        for line in input.split(separator: 0x0A).prefix(400) { run.step(line) }
        try run.compare()
    }
}

private struct StatusRun {
    private var progress = ScanProgress()
    private let index = DigestIndex()
    private let origin = OriginID(7)
    private let directory: DirectoryID
    private var now: UInt64 = 0
    private var passBegan: UInt64 = 0
    private var waiting: [UInt64] = []
    private var known: [(name: RawName, size: UInt64)] = []
    private var hashed: [UInt64] = []
    private var hashedInPass: [UInt64] = []

    init() {
        directory = index.directory(origin: origin, path: .empty)
    }

    mutating func step(_ line: ArraySlice<UInt8>) {
        let text = String(decoding: line.dropFirst(), as: UTF8.self)
        let number = UInt64(text) ?? 0
        func place(_ count: Int) -> Int? { count > 0 ? Int(number % UInt64(count)) : nil }
        switch line.first {
        case UInt8(ascii: "+"):
            waiting.append(number)
            progress.addPending(size: number)
        case UInt8(ascii: "#"):
            guard let place = place(waiting.count) else { return }
            hash(waiting.remove(at: place))
        case UInt8(ascii: "-"):
            guard let place = place(waiting.count) else { return }
            progress.endPending(size: waiting.remove(at: place))
        case UInt8(ascii: "x"):
            guard let place = place(known.count) else { return }
            index.apply([.remove(directory: directory, name: known.remove(at: place).name)])
        case UInt8(ascii: "t"): now = now.addingReportingOverflow(number).overflow ? .max : now + number
        case UInt8(ascii: "p"):
            progress.beginScan(at: now)
            passBegan = now
            hashedInPass = []
        default: break
        }
    }

    private mutating func hash(_ size: UInt64) {
        progress.endPending(size: size)
        var bytes = ByteSum()
        bytes.add(size)
        progress.addHashed(files: 1, bytes)
        hashed.append(size)
        hashedInPass.append(size)
        let name = RawName("\(hashed.count)")
        known.append((name, size))
        let time = Timestamp(seconds: 1, nanoseconds: 0)
        let identity = FileIdentity(
            device: 1, inode: UInt64(hashed.count), size: size, modified: time, changed: time)
        let digest = Digest(words: (UInt64(hashed.count) << 56, UInt64(hashed.count), 0, 0))
        index.apply([
            .insert(directory: directory, name: name, digest: digest, identity: identity, flags: [])
        ])
    }

    func compare() throws(Flaw) {
        let totals = index.totals(origin: origin)
        try checkEqual(totals.files, known.count, "files")
        try checkEqual(totals.bytes, ReferenceSum(known.map(\.size)).clamped, "bytes")
        try checkEqual(index.totalBytes, totals.bytes, "bytes of all")
        var status = DirectoryStatus(dropIn: "a.conf", path: "/srv", state: .scanning)
        status.items = totals.files
        status.bytes = totals.bytes
        progress.write(to: &status, now: now)
        try checkEqual(status.pendingFiles, waiting.count, "files that wait")
        try checkEqual(status.pendingBytes, ReferenceSum(waiting).clamped, "bytes that wait")
        try checkEqual(status.hashedFiles, hashed.count, "hashed files")
        try checkEqual(status.hashedBytes, ReferenceSum(hashed).clamped, "hashed bytes")
        try checkTime(status.secondsLeft)
        try check((0...100).contains(status.percent), "\(status.percent) %")
        try checkTold(status)
    }

    private func checkTime(_ told: Int?) throws(Flaw) {
        let done = ReferenceSum(hashedInPass).double
        guard !waiting.isEmpty, done > 0, now > passBegan else {
            try checkEqual(told, nil, "seconds left")
            return
        }
        guard let told else { throw Flaw(description: "no time is told") }
        let expected = ReferenceSum(waiting).double * (Double(now - passBegan) / 1e9) / done
        let isNear = abs(Double(told) - expected) <= expected * 1e-9 + 2
        try check(
            isNear || expected > 9.2e18 && told > 9_199_999_999_999_999_999, "\(told) s, not \(expected)")
    }

    private func checkTold(_ status: DirectoryStatus) throws(Flaw) {
        var metrics = Metrics()
        metrics.directories = [status]
        metrics.published = index.totals(origin: origin)
        let text = String(decoding: metrics.render(), as: UTF8.self)
        try check(
            text.utf8.split(separator: 0x0A).contains {
                $0.elementsEqual(
                    "passim_pending_bytes{drop_in=\"a.conf\",path=\"/srv\"} \(status.pendingBytes)".utf8)
            }, "metrics")
        let samples = hashed.map { Activity.Sample(downloads: $0, bytes: $0, misses: $0) }
        let activity = Activity(samples: samples, step: 1)
        if let sum = activity.summed(by: max(1, samples.count)).samples.first {
            let expected = ReferenceSum(hashed).clamped
            try checkEqual(
                sum, Activity.Sample(downloads: expected, bytes: expected, misses: expected), "activity")
        }
        var page = IndexPage(
            hostName: "host", uptime: now, now: Int64(clamping: now),
            health: Health(
                status: .loading, troubles: [], directories: [status], files: 1, wanted: 1, found: 1),
            items: [], found: 0, total: 1)
        page.day = activity
        try check(!page.render().isEmpty, "no page")
        var builder = VariantBuilder("a{sv}")
        status.write(to: &builder)
        let again = DirectoryStatus(builder.end())
        try checkEqual(again?.pendingBytes, status.pendingBytes, "bytes that wait, over the bus")
        try checkEqual(again?.secondsLeft, status.secondsLeft, "seconds left, over the bus")
    }
}
