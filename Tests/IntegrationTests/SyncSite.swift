import PassimCore
import PassimSystem
import PassimTestKit

@testable import PassimCrypto

/// A directory that is filled by `passim mirror sync`, and a configuration of its own.
struct SyncSite {
    let tree: TemporaryTree

    init() throws {
        tree = try TemporaryTree()
        try tree.makeDirectory("mirror")
        try tree.makeDirectory("etc/passim.d")
    }

    var mirror: String { tree.absolute("mirror") }

    func setting(_ environment: [String: String] = [:]) -> ChildProcess.Setting {
        var setting = ChildProcess.Setting()
        setting.workingDirectory = tree.path
        setting.environment = [
            "SYSCONFDIR": tree.absolute("etc"), "LOCALSTATEDIR": tree.absolute("var"), "http_proxy": nil,
            "https_proxy": nil, "all_proxy": nil, "no_proxy": nil, "HTTPS_PROXY": nil, "ALL_PROXY": nil,
            "NO_PROXY": nil,
        ]
        for (key, value) in environment { setting.environment[key] = value }
        return setting
    }

    /// Runs `passim mirror sync`.
    func sync(
        _ arguments: String..., environment: [String: String] = [:], seconds: Double = 120
    ) throws -> Command.Outcome {
        try Command.run(command(arguments), setting(environment), seconds: seconds)
    }

    func start(_ arguments: String...) throws -> ChildProcess {
        try ChildProcess(command(arguments), setting())
    }

    private func command(_ arguments: [String]) throws -> [String] {
        [try Products.path(of: "passim"), "mirror", "sync"] + arguments
    }

    /// Fills the directory without a drop-in.
    func fill(_ source: SourceServer, _ arguments: String...) throws -> Command.Outcome {
        try Command.run(command(arguments + [source.url, mirror]), setting(), seconds: 120)
    }

    /// Makes `mirror.conf`.
    func configure(_ source: SourceServer, _ lines: String...) throws {
        let text = (["[passim]", "Path=\(mirror)", "Source=\(source.url)"] + lines).joined(separator: "\n")
        try tree.write("etc/passim.d/mirror.conf", text + "\n")
    }

    /// Names in the mirror, those of downloads that are not whole left out.
    func names() throws -> Set<String> {
        Set(try tree.list("mirror").map(\.description).filter { !$0.hasSuffix(".part") })
    }

    func parts() throws -> [String] {
        try tree.list("mirror").map(\.description).filter {
            $0.hasSuffix(".part") && $0 != ".passim-lock.part"
        }
    }

    func digest(_ name: String) throws -> Digest {
        SHA256Hasher.digest(of: try tree.read("mirror/\(name)"))
    }

    /// Names of the manifest that are not in the mirror with their content.
    func differences(from source: SourceServer) throws -> Set<String> {
        Set(
            try source.files().filter { name, digest in
                guard tree.exists("mirror/\(name)") else { return true }
                return try self.digest(name) != digest
            }.keys)
    }
}
