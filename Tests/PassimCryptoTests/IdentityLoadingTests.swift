import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimCrypto

/// What loading does where the disk does not do as it should.
struct IdentityLoadingTests {
    let tree: TemporaryTree
    let location: ServerIdentity.Location

    init() throws {
        tree = try TemporaryTree()
        location = ServerIdentity.Location(
            keyPath: tree.absolute("passim/secret.key"), certificatePath: tree.absolute("passim/cert.pem"))
    }

    private func load() throws -> [ServerIdentity.Event] {
        let (identity, events) = try ServerIdentity.load(from: location, hostName: "host", now: wallClock())
        try identity.check()
        return events
    }

    private func isMemoryOnly(_ event: ServerIdentity.Event?) -> Bool {
        if case .inMemoryOnly = event { true } else { false }
    }

    @Test func stateDirectoryThatCannotBeMadeLeavesItInMemory() throws {
        try tree.write("passim", "a file in the way")
        let events = try load()
        #expect(events.count == 1)
        #expect(isMemoryOnly(events.first))
        #expect(try tree.read("passim") == Array("a file in the way".utf8))
    }

    @Test(arguments: [SystemError.Code.tooManyFiles, .inputOutput, .outOfMemory])
    func passingFailureDoesNotCostTheKey(code: SystemError.Code) throws {
        #expect(try load().count == 2)
        let before = [try tree.read("passim/secret.key"), try tree.read("passim/cert.pem")]
        // The first two look for leftovers of a crash.
        for faults in [[nil, nil, code], [nil, nil, nil, code]] {
            let events = try FaultPlan.$current.withValue(FaultPlan([.open: faults])) { try load() }
            #expect(events.count == 1)
            #expect(isMemoryOnly(events.first), "\(events)")
        }
        #expect([try tree.read("passim/secret.key"), try tree.read("passim/cert.pem")] == before)
        #expect(try load() == [])
    }

    /// Of the administrator's nobody knows what they are until they can be read: nothing is served instead.
    @Test(arguments: [SystemError.Code.tooManyFiles, .inputOutput, .accessDenied])
    func administratorsFileThatCannotBeReadEndsTheStart(code: SystemError.Code) throws {
        _ = try load()
        try tree.remove("passim/made-by-passimd")
        let before = [try tree.read("passim/secret.key"), try tree.read("passim/cert.pem")]
        for faults in [[nil, nil, code], [nil, nil, nil, code]] {
            let error = #expect(throws: CryptoError.self) {
                try FaultPlan.$current.withValue(FaultPlan([.open: faults])) { try load() }
            }
            #expect(error.map { "\($0)".contains(code.sentence) } == true, "\(String(describing: error))")
        }
        #expect([try tree.read("passim/secret.key"), try tree.read("passim/cert.pem")] == before)
        #expect(try load() == [])
    }

    @Test func ownKeyThatMayNotBeReadIsKeptAside() throws {
        _ = try load()
        let key = try tree.read("passim/secret.key")
        let plan = FaultPlan([.open: [nil, nil, .accessDenied]])
        let events = try FaultPlan.$current.withValue(plan) { try load() }
        #expect(events.count == 4)
        #expect(events.first?.description.contains("Permission denied") == true)
        #expect(try tree.read("passim/secret.key.bad") == key)
        #expect(try load() == [])
    }

    /// As a disk spoils it: its size and its time stay.
    private func spoil(_ tree: TemporaryTree, _ name: String) throws -> [UInt8] {
        let modified = try tree.status("passim/\(name)").modified
        try tree.overwrite("passim/\(name)", at: 40, [UInt8](repeating: 0x3F, count: 40))
        try tree.setModified("passim/\(name)", modified)
        return try tree.read("passim/\(name)")
    }

    /// Every step of replacing may fail: the old bytes are there still, something can be served or the start ends,
    /// and a later start mends it.
    @Test(arguments: [
        SystemCall.open, .openat, .fchmod, .write, .fsync, .renameat, .mkdirat,
    ])
    func failureAtAnyStepLosesNothing(call: SystemCall) throws {
        for step in 0..<16 {
            let tree = try TemporaryTree()
            let location = ServerIdentity.Location(
                keyPath: tree.absolute("passim/secret.key"), certificatePath: tree.absolute("passim/cert.pem")
            )
            func load() throws -> [ServerIdentity.Event] {
                let (identity, events) = try ServerIdentity.load(
                    from: location, hostName: "host", now: wallClock())
                try identity.check()
                return events
            }
            _ = try load()
            let key = try spoil(tree, "secret.key")
            let certificate = try spoil(tree, "cert.pem")
            let plan = FaultPlan([call: Array(repeating: nil, count: step) + [.noSpace]])
            FaultPlan.$current.withValue(plan) { _ = try? load() }
            _ = try load()
            #expect(try load() == [], "step \(step)")
            #expect(try tree.read("passim/secret.key.bad") == key, "step \(step)")
            #expect(try tree.read("passim/cert.pem.bad") == certificate, "step \(step)")
            #expect(!tree.exists("passim/.secret.key.new"))
        }
    }

    /// NFS, for one.
    @Test(arguments: [SystemError.Code.invalid, .notImplemented])
    func fileSystemWithoutExclusiveRenameIsGoodEnough(code: SystemError.Code) throws {
        _ = try load()
        let key = try spoil(tree, "secret.key")
        try tree.write("passim/secret.key.bad", "older garbage")
        let plan = FaultPlan([.renameat: [code, code, nil, code, nil, code, nil, nil, code, nil, nil]])
        let events = try FaultPlan.$current.withValue(plan) { try load() }
        #expect(events.count == 4, "\(events)")
        #expect(try tree.read("passim/secret.key.bad") == Array("older garbage".utf8))
        #expect(try tree.read("passim/secret.key.bad-2") == key)
        #expect(try load() == [])
    }
}
