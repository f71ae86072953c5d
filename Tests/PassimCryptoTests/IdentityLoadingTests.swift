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

    @Test func keyThatMayNotBeReadIsKeptAside() throws {
        _ = try load()
        let key = try tree.read("passim/secret.key")
        let plan = FaultPlan([.open: [nil, nil, .accessDenied]])
        let events = try FaultPlan.$current.withValue(plan) { try load() }
        #expect(events.count == 4)
        #expect(events.first?.description.contains("Permission denied") == true)
        #expect(try tree.read("passim/secret.key.bad") == key)
        #expect(try load() == [])
    }

    /// Every step of replacing may fail: the old bytes are there still, something can be served, and the next
    /// start mends it.
    @Test(arguments: [
        SystemCall.open, .openat, .fchmod, .write, .fsync, .renameat, .mkdirat,
    ])
    func failureAtAnyStepLosesNothing(call: SystemCall) throws {
        for step in 0..<12 {
            let tree = try TemporaryTree()
            let location = ServerIdentity.Location(
                keyPath: tree.absolute("passim/secret.key"), certificatePath: tree.absolute("passim/cert.pem")
            )
            try tree.write("passim/secret.key", "the administrator's key")
            try tree.write("passim/cert.pem", "the administrator's certificate")
            let plan = FaultPlan([call: Array(repeating: nil, count: step) + [.noSpace]])
            try FaultPlan.$current.withValue(plan) {
                let (identity, _) = try ServerIdentity.load(
                    from: location, hostName: "host", now: wallClock())
                try identity.check()
            }
            let (_, _) = try ServerIdentity.load(from: location, hostName: "host", now: wallClock())
            let (_, third) = try ServerIdentity.load(from: location, hostName: "host", now: wallClock())
            #expect(third == [], "step \(step)")
            for (name, text) in [
                ("secret.key", "the administrator's key"), ("cert.pem", "the administrator's certificate"),
            ] {
                let kept = try tree.read("passim/\(name).bad")
                #expect(String(decoding: kept, as: UTF8.self) == text, "step \(step)")
            }
            #expect(!tree.exists("passim/.secret.key.new"))
        }
    }

    /// NFS, for one.
    @Test(arguments: [SystemError.Code.invalid, .notImplemented])
    func fileSystemWithoutExclusiveRenameIsGoodEnough(code: SystemError.Code) throws {
        try tree.write("passim/secret.key", "garbage")
        try tree.write("passim/secret.key.bad", "older garbage")
        let plan = FaultPlan([.renameat: [code, code, nil, code, nil, code, nil]])
        let events = try FaultPlan.$current.withValue(plan) { try load() }
        #expect(events.count == 3, "\(events)")
        #expect(try tree.read("passim/secret.key.bad") == Array("older garbage".utf8))
        #expect(try tree.read("passim/secret.key.bad-2") == Array("garbage".utf8))
        #expect(try load() == [])
    }
}
