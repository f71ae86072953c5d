internal import Glibc
package import PassimCore

/// How what the daemon shares differs from what it should share.
package struct Disagreement: Error, CustomStringConvertible {
    package var description: String
    /// The files that it is about, as far as they are known.
    package var paths: [RawName] = []
}

extension DaemonProcess {
    /// A scan of a directory of its site, as its user and among its mounts.
    package func freshScan(of directory: String = "mirror") throws -> FreshScan {
        var setting = ChildProcess.Setting()
        guard site.ownMounts else {
            setting.user = site.user
            return try FreshScan(of: site.tree.absolute(directory), setting)
        }
        // nsenter(1) needs root.
        let user = site.user.map { ["--setuid", "\($0)", "--setgid", "\($0)"] } ?? []
        return try FreshScan(of: site.tree.absolute(directory), prefix: mountPrefix + user, setting)
    }

    /// Waits until the daemon shares what `scan` found and nothing else: as many files, every digest, and none
    /// of those that vanished; then fetches some of them, or all where they are few.
    ///
    /// - Parameter scan: of everything that it is to share.
    /// - Parameter vanished: digests of earlier content; those that the scan has are not looked at.
    /// - Throws: `Disagreement` where it does not come to that.
    package func expectSame(
        as scan: FreshScan, vanished: some Sequence<Digest> = EmptyCollection<Digest>(),
        within seconds: Double = 30
    ) throws {
        var patient = TLSClient.Options()
        patient.seconds = 60
        let exchange = try connect(patient)
        let shared = scan.digests
        let gone = Set(vanished).subtracting(shared)
        let end = ContinuousClock.now + .seconds(seconds)
        while let difference = try difference(from: scan, gone, over: exchange)
            ?? firstUnfetched(of: scan, over: exchange)
        {
            guard ContinuousClock.now < end else {
                throw Disagreement(
                    description: """
                        after \(seconds) s \(difference.description); it said: \(log.suffix(3000))
                        """, paths: difference.paths)
            }
            // The page takes the daemon's time, which it should have for other things.
            usleep(20_000)
        }
    }

    /// Fetches some of them. Where a directory has just been moved, the files of its old name may all have been
    /// there a moment ago, and be gone until it has been walked under its new one.
    ///
    /// - Returns: the first that is not there.
    /// - Throws: `Disagreement` where one is there with other bytes.
    private func firstUnfetched(of scan: FreshScan, over exchange: HTTPExchange) throws -> Disagreement? {
        let step = max(1, scan.files.count / 200)
        for (position, file) in scan.files.enumerated() where position % step == 0 {
            let response = try exchange.request("GET", "/x?sha256=\(file.value.hex)")
            let isServed = response.status == 200
            if isServed, Digest(of: response.body) == file.value { continue }
            let difference = Disagreement(
                description:
                    "\(file.key) (\(file.value)) came as \(response.status), \(response.body.count) bytes",
                paths: [file.key])
            if isServed { throw difference }
            return difference
        }
        return nil
    }

    /// The number of files comes first: to ask for what is stale would have it looked at.
    private func difference(
        from scan: FreshScan, _ gone: Set<Digest>, over exchange: HTTPExchange
    ) throws -> Disagreement? {
        let page = try exchange.request("GET", "/").text
        let count = try DaemonProcess.sharedFiles(on: page)
        guard count == scan.files.count else {
            let listed = try listedFiles(count, over: exchange)
            let extra = listed.subtracting(scan.files.keys.map(\.description)).sorted().map { RawName($0) }
            let missing = scan.files.keys.filter { !listed.contains($0.description) }.sorted()
            return Disagreement(
                description: """
                    \(count) files were shared instead of \(scan.files.count); too many: \(extra.prefix(20)), \
                    missing: \(missing.prefix(20))
                    """, paths: extra + missing)
        }
        let unknown = try scan.files.filter { try status(of: $0.value, over: exchange) != 200 }
        guard unknown.isEmpty else {
            return Disagreement(
                description: "these were not served: \(Array(unknown.prefix(20)))", paths: Array(unknown.keys)
            )
        }
        let stale = try gone.filter { try status(of: $0, over: exchange) != 404 }
        guard stale.isEmpty else {
            return Disagreement(description: "these were still served: \(Array(stale.prefix(20)))")
        }
        return nil
    }

    private func listedFiles(_ count: Int, over exchange: HTTPExchange) throws -> Set<String> {
        try (0...count / 50).reduce(into: []) { listed, page in
            listed.formUnion(
                DaemonProcess.listedFiles(on: try exchange.request("GET", "/?page=\(page + 1)").text))
        }
    }

    private func status(of digest: Digest, over exchange: HTTPExchange) throws -> Int {
        try exchange.request("HEAD", "/x?sha256=\(digest.hex)").status
    }

    /// Asks for a digest until the answer has this status.
    ///
    /// - Throws: `Disagreement` where it never has.
    package func waitForStatus(_ wanted: Int, of digest: Digest, seconds: Double = 10) throws {
        let exchange = try connect()
        let end = ContinuousClock.now + .seconds(seconds)
        while true {
            let answer = try status(of: digest, over: exchange)
            if answer == wanted { return }
            guard ContinuousClock.now < end else {
                throw Disagreement(
                    description: """
                        \(digest) was still answered \(answer), not \(wanted), after \(seconds) s; it said: \
                        \(log.suffix(3000))
                        """)
            }
            usleep(5000)
        }
    }

    /// As `waitForStatus`: whether the content is served.
    package func expectServed(_ contents: String..., seconds: Double = 10) throws {
        for content in contents {
            do {
                try waitForStatus(200, of: Digest(of: content), seconds: seconds)
            } catch let error as Disagreement {
                throw Disagreement(description: "“\(content)”: \(error)")
            }
        }
    }

    package func expectUnknown(_ contents: String..., seconds: Double = 10) throws {
        for content in contents {
            do {
                try waitForStatus(404, of: Digest(of: content), seconds: seconds)
            } catch let error as Disagreement {
                throw Disagreement(description: "“\(content)”: \(error)")
            }
        }
    }

    /// How many files it shares, by its page.
    package var sharedFiles: Int {
        get throws { try DaemonProcess.sharedFiles(on: get("/").text) }
    }

    /// Waits until it shares so many: a file is served a moment before it is counted.
    package func waitForSharedFiles(seconds: Double = 30, until isGood: (Int) -> Bool) throws {
        let end = ContinuousClock.now + .seconds(seconds)
        while true {
            let count = try sharedFiles
            if isGood(count) { return }
            guard ContinuousClock.now < end else {
                throw Disagreement(description: "\(count) files are shared; it said: \(log.suffix(3000))")
            }
            usleep(5000)
        }
    }

    /// The number behind the heading of the files: `7 files`, `1 file`, `0 files`.
    private static func sharedFiles(on page: String) throws -> Int {
        if let heading = page.firstRange(of: "id=\"files\">")?.upperBound,
            let note = page[heading...].firstRange(of: "<small>")?.upperBound
        {
            // Its thousands stand apart, by a character that is none of ASCII's.
            let number = page[note...].utf8.prefix { $0 != UInt8(ascii: " ") }.filter { 0x30...0x39 ~= $0 }
            if let count = Int(String(decoding: number, as: UTF8.self)) { return count }
        }
        throw TestFailure("the page does not say how many files are shared: \(page.prefix(2000))")
    }

    /// The paths on the page, as it shows them: a test's own names are plain enough for that.
    private static func listedFiles(on page: String) -> Set<String> {
        var paths: Set<String> = []
        for row in page.utf8.split(separator: 0x0A) {
            let row = String(decoding: row, as: UTF8.self)
            guard row.contains("href=\"/items/"), let start = row.firstRange(of: "<bdi>"),
                let end = row.firstRange(of: "</bdi>")
            else { continue }
            paths.insert(String(row[start.upperBound..<end.lowerBound]))
        }
        return paths
    }
}
