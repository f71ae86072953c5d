import PassimTestKit
import Testing

/// Containerfile and the quadlet that runs it. No test builds the image, which wants images of others from the network.
struct ContainerFilesTests {
    private func text(_ path: String) throws -> String {
        try Command.succeed(["cat", "\(Products.repository)/\(path)"]).text
    }

    /// Instructions, with their continued lines.
    private func instructions() throws -> [Substring] {
        try text("etc/containers/Containerfile").split(separator: "\n").filter { !$0.hasPrefix("#") }.joined(
            separator: "\n"
        )
        .replacing("\\\n", with: " ").split(separator: "\n")
    }

    private static let isBookworm =
        (try? Command.run(["grep", "-qx", "VERSION_ID=\"12\"", "/etc/os-release"]))?.succeeded == true

    /// The image has no tools to find out with, and a missing library is a container that ends at once.
    @Test(.enabled(if: isBookworm, "needs Debian 12, as the image has it"))
    func imageHasEachLibraryOfThePrograms() throws {
        let listed = Set(
            try text("etc/containers/Containerfile").split { " \\\n".contains($0) }.map(String.init))
        for program in ["passimd", "passim"] {
            let path = try Products.path(of: program)
            let needed = try Command.succeed(["readelf", "--dynamic", path]).text.split(separator: "\n")
                .filter { $0.contains("(NEEDED)") }
                .compactMap { $0.split { "[]".contains($0) }.dropFirst().first }
            #expect(needed.count > 5)
            // Swift's own are in the program where it is released.
            for library in needed where !library.hasPrefix("libswift") && !library.hasPrefix("lib_") {
                let owner = try Command.run(["dpkg", "-S", "*/\(library)"])
                guard owner.succeeded, let package = owner.text.split(separator: ":").first else { continue }
                // What every Debian has.
                if ["libc6", "libgcc-s1", "libstdc++6"].contains(package) { continue }
                #expect(listed.contains(String(package)), "\(program) needs \(library) of \(package)")
            }
        }
    }

    @Test func imageRunsAsAUserOfItsOwnAndIsMadeInTwoStages() throws {
        let all = try instructions()
        #expect(all.filter { $0.hasPrefix("FROM ") } == ["FROM ${BUILDER} AS build", "FROM ${BASE}"])
        let last = try #require(all.lastIndex { $0.hasPrefix("FROM ") })
        let image = all[last...]
        #expect(image.last { $0.hasPrefix("USER ") } == "USER passim")
        #expect(image.contains("ENTRYPOINT [\"/usr/libexec/passimd\"]"))
        for line in image where line.hasPrefix("COPY ") {
            #expect(line.hasPrefix("COPY --from=build /installed/"))
        }
    }

    @Test func imageIsOfWhatScriptsInstallPutsThere() throws {
        let tree = try TemporaryTree()
        var setting = ChildProcess.Setting()
        setting.environment = ["DESTDIR": tree.path, "PREFIX": "/usr"]
        let program = try Products.path(of: "passimd")
        let binaries = String(program[..<(program.lastIndex(of: "/") ?? program.endIndex)])
        try Command.succeed(["\(Products.repository)/scripts/install", "--binaries", binaries], setting)
        for line in try instructions() where line.hasPrefix("COPY --from=build ") {
            let source = line.split(separator: " ")[2].split(separator: "/").dropFirst()
            #expect(tree.exists(source.joined(separator: "/")), "\(line)")
        }
    }

    // MARK: The quadlet

    /// Values by key.
    private func quadlet() throws -> [String: [String]] {
        var values: [String: [String]] = [:]
        for line in try text("etc/containers/systemd/passim.container").split(separator: "\n")
        where !line.hasPrefix("#") && !line.hasPrefix("[") {
            let parts = line.split(separator: "=", maxSplits: 1).map(String.init)
            values[parts[0], default: []].append(parts[1])
        }
        return values
    }

    @Test func quadletGivesWhatDiscoveryNeedsAndNothingMore() throws {
        let values = try quadlet()
        #expect(values["Network"] == ["host"])
        let named: [String] = try #require(values["Volume"])
        let volumes = named.map { $0.split(separator: ":").map(String.init) }
        #expect(volumes.contains(["/run/dbus", "/run/dbus", "ro"]))
        // What is the host's is only read.
        for volume in volumes where volume[0].hasPrefix("/") {
            #expect(volume.count == 3 && volume[2].split(separator: ",").contains("ro"), "\(volume)")
        }
        for place in ["/var/lib/passim", "/var/log/passim", "/var/cache/passim"] {
            #expect(volumes.contains { $0[1] == place && !$0[0].hasPrefix("/") }, "\(place)")
            #expect(try instructions().contains { $0.hasPrefix("VOLUME ") && $0.contains("\"\(place)\"") })
        }
        for (key, value) in [
            ("ReadOnly", "true"), ("DropCapability", "all"), ("NoNewPrivileges", "true"), ("Notify", "true"),
        ] {
            #expect(values[key] == [value], "\(key)")
        }
        #expect(values["User"] == nil)
    }

    /// Keys of podman-systemd.unit(5), of version 4.4, which has the first quadlets, but for what is systemd's own.
    @Test func quadletHasKeysThatPodmanKnows() throws {
        let known: Set = [
            "Image", "ContainerName", "Network", "Volume", "SecurityLabelDisable", "ReadOnly",
            "DropCapability",
            "NoNewPrivileges", "Notify", "PodmanArgs",
        ]
        let systemd: Set = [
            "Description", "Documentation", "Wants", "After", "ExecReload", "Restart", "RestartSec",
            "TimeoutStopSec", "WantedBy",
        ]
        #expect(Set(try quadlet().keys).subtracting(known).subtracting(systemd).isEmpty)
    }

    private static let generator = "/usr/lib/systemd/system-generators/podman-system-generator"
    private static let hasQuadlets = (try? Command.run(["test", "-x", generator]))?.succeeded == true

    @Test(.enabled(if: hasQuadlets, "needs podman 4.4"))
    func podmanTakesTheQuadlet() throws {
        var setting = ChildProcess.Setting()
        setting.environment = ["QUADLET_UNIT_DIRS": "\(Products.repository)/etc/containers/systemd"]
        let outcome = try Command.succeed([ContainerFilesTests.generator, "--dryrun"], setting)
        #expect(outcome.text.contains("localhost/passim:latest"))
    }
}
