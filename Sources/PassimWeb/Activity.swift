internal import PassimCore

/// Downloads by other machines, step by step, up to now.
package struct Activity: Hashable, Sendable {
    package struct Sample: Hashable, Sendable {
        /// Files' worth of bytes that were sent.
        package var downloads: UInt64
        /// Bytes of files that were sent, those of downloads that were cut off among them.
        package var bytes: UInt64
        /// Digests that this machine's clients asked for and nobody had.
        package var misses: UInt64

        package init(downloads: UInt64 = 0, bytes: UInt64 = 0, misses: UInt64 = 0) {
            self.downloads = downloads
            self.bytes = bytes
            self.misses = misses
        }
    }

    /// Oldest first; the last one is not over yet.
    package var samples: [Sample]
    /// Minutes of a sample.
    package var step: Int

    package init(samples: [Sample], step: Int) {
        self.samples = samples
        self.step = step
    }

    /// Minutes.
    var span: Int { samples.count * step }

    var sum: Sample { samples.reduce(into: Sample()) { $0.add($1) } }

    /// The same in steps that are so many times as long, counted from now.
    func summed(by count: Int) -> Activity {
        var sums: [Sample] = []
        var end = samples.count
        while end > 0 {
            let start = max(0, end - count)
            sums.append(samples[start..<end].reduce(into: Sample()) { $0.add($1) })
            end = start
        }
        return Activity(samples: sums.reversed(), step: step * count)
    }
}

extension Activity.Sample {
    package mutating func add(_ other: Activity.Sample) {
        downloads.add(saturating: other.downloads)
        bytes.add(saturating: other.bytes)
        misses.add(saturating: other.misses)
    }
}
