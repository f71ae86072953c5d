import Glibc
import PassimCore
import PassimIndex
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimPublish

/// What remains when something fails, or the process ends, in the midst of publishing and deleting.
@Suite struct FaultTests {
    /// Faults hit only what runs inside.
    private func attempt(_ faults: FaultPlan, _ body: () throws -> Void) -> (any Error)? {
        FaultPlan.$current.withValue(faults) {
            do {
                try body()
                return nil
            } catch {
                return error
            }
        }
    }

    private var codes: [SystemError.Code] { [.inputOutput, .noSpace] }

    /// The calls that publishing makes, in order.
    private func callsOfPublishing(_ flags: ItemFlags = []) throws -> [SystemCall] {
        let fixture = try Fixture()
        try fixture.publish("older", as: "older")
        let content = try memoryFile("newer")
        let plan = FaultPlan([:])
        _ = attempt(plan) {
            _ = try fixture.store.publish(
                PublishRequest(filename: RawName("newer"), cmdline: "c", flags: flags), from: content)
        }
        return plan.calls
    }

    @Test func contentIsOnTheDiskBeforeItHasItsNameAndTheNameBeforeItIsServed() throws {
        let calls = try callsOfPublishing()
        let name = try #require(calls.firstIndex(of: .linkat))
        let syncs = calls.indices.filter { calls[$0] == .fsync }
        let attributes = try #require(calls.lastIndex(of: .fsetxattr))
        let write = try #require(calls.lastIndex(of: .write))
        #expect(syncs.count == 2 && write < syncs[0] && attributes < syncs[0] && syncs[0] < name)
        #expect(name < syncs[1])
        // The name changes ctime: what is served is told by a look after it.
        #expect(calls.last == .fstat)
    }

    @Test(arguments: [ItemFlags(), .nextReboot]) func whereOneCallFailsNothingRemains(_ flags: ItemFlags)
        throws
    {
        let calls = try callsOfPublishing(flags)
        for code in codes {
            for number in calls.indices {
                let fixture = try Fixture()
                try fixture.publish("older", as: "older")
                let content = try memoryFile("newer")
                let request = PublishRequest(filename: RawName("newer"), cmdline: "c", flags: flags)
                let failure = attempt(FaultPlan(failing: number..<number + 1, with: code)) {
                    _ = try fixture.store.publish(request, from: content)
                }
                let comment: Comment = "\(calls[number]) number \(number): \(code.sentence)"
                #expect(try fixture.isConsistent(), comment)
                if let failure {
                    #expect(fixture.names == [RawName("\(digest("older"))-older")], comment)
                    #expect(fixture.index.find(digest("newer")) == nil, comment)
                    if code == .noSpace, [.write, .fsync, .openat].contains(calls[number]) {
                        if case .noSpace? = failure as? PublishError {} else { Issue.record(comment) }
                    }
                    try fixture.publish("newer", as: "newer")
                } else {
                    // Attributes that only matter later may be missing.
                    #expect([.fsetxattr, .recv, .preadv2].contains(calls[number]), comment)
                }
                #expect(fixture.names.count == 2, comment)
            }
        }
    }

    @Test(arguments: [(SystemError.Code.quota, true), (.fileTooLarge, true), (.readOnly, false)])
    func writeThatFailsSaysWhy(_ code: SystemError.Code, _ isSpace: Bool) throws {
        let fixture = try Fixture()
        let content = try memoryFile("a")
        let error = attempt(FaultPlan([.write: [code]])) {
            _ = try fixture.store.publish(PublishRequest(filename: RawName("a")), from: content)
        }
        switch error as? PublishError {
        case .noSpace(let text)? where isSpace, .failed(let text)? where !isSpace:
            #expect(text.contains(code.sentence) && text.contains(fixture.store.directory))
        default: Issue.record("\(String(describing: error))")
        }
        #expect(fixture.names.isEmpty)
    }

    @Test func bootTimeThatCannotBeWrittenFailsPublishing() throws {
        let fixture = try Fixture()
        let error = attempt(FaultPlan([.fsetxattr: [.notSupported]])) {
            try fixture.publish("a", flags: .nextReboot)
        }
        if case .failed(let text)? = error as? PublishError {
            #expect(text.contains("next-reboot"))
        } else {
            Issue.record("\(String(describing: error))")
        }
        #expect(fixture.names.isEmpty)
        #expect(attempt(FaultPlan([.fsetxattr: [.notSupported]])) { try fixture.publish("b") } == nil)
    }

    // MARK: - File systems without files that have no name

    private enum Lack: CaseIterable {
        case unnamedFiles, names, both
        /// What fails, each time that it is tried in publishing one item.
        var faults: [SystemCall: [SystemError.Code?]] {
            switch self {
            case .unnamedFiles: [.openat: [.notSupported]]
            case .names: [.linkat: [.accessDenied]]
            // The parent is of another file system, say.
            case .both: [.openat: [.notSupported, .accessDenied]]
            }
        }
    }

    @Test(arguments: Lack.allCases) private func itemIsPublishedWhereFilesNeedNames(_ lack: Lack) throws {
        let fixture = try Fixture()
        try fixture.publish("older", as: "older")
        let content = try memoryFile("newer")
        let plan = FaultPlan(lack.faults)
        let error = attempt(plan) {
            _ = try fixture.store.publish(
                PublishRequest(
                    filename: RawName("newer"), cmdline: "c", lifetime: Lifetime(maxAge: 77, shareLimit: 7)),
                from: content)
        }
        #expect(error == nil && plan.calls.contains(.renameat))
        let after = try fixture.restarted()
        let item = try #require(after.store.item(digest("newer")))
        #expect(item.lifetime == Lifetime(maxAge: 77, shareLimit: 7) && item.cmdline == "c")
        #expect(try after.isConsistent() && after.names.count == 2)
        #expect(try fixture.tree.list("var").allSatisfy { !$0.description.hasPrefix(".") })
    }

    /// Its temporary has a name that the older daemon takes for none of an item, where that daemon does not look.
    @Test(arguments: Lack.allCases) private func whatIsLeftThereIsRemovedByTheNextStart(_ lack: Lack) throws {
        let fixture = try Fixture()
        try fixture.publish("older", as: "older")
        let content = try memoryFile("newer")
        var faults = lack.faults
        faults[.unlinkat] = Array(repeating: .inputOutput, count: 10)
        faults[.renameat] = [.inputOutput]
        let error = attempt(FaultPlan(faults)) {
            _ = try fixture.store.publish(PublishRequest(filename: RawName("newer")), from: content)
        }
        #expect(error != nil)
        let outside = try fixture.tree.list("var").filter { $0.description.hasPrefix(".") }
        #expect(outside.count == (lack == .both ? 0 : 1))
        #expect(fixture.names.count == (lack == .both ? 2 : 1))
        let after = try fixture.restarted()
        #expect(after.names.count == 1 && after.store.items.count == 1)
        #expect(try fixture.tree.list("var").allSatisfy { !$0.description.hasPrefix(".") })
        #expect(after.log.warnings.isEmpty, "\(after.log.warnings)")
    }

    @Test func fileThatHasTheNameIsReplaced() throws {
        let fixture = try Fixture()
        try fixture.place("\(digest("newer"))-newer", "something else")
        try fixture.publish("newer", as: "newer")
        #expect(try fixture.isConsistent() && fixture.names.count == 1)
    }

    /// All calls fail from one on, so that nothing is cleaned up: the directory is as a killed process leaves it.
    @Test func wheneverTheProcessEndsAWholeItemIsThereOrNone() throws {
        let calls = try callsOfPublishing(.nextReboot)
        for number in 0...calls.count {
            let fixture = try Fixture()
            try fixture.publish("older", as: "older")
            let content = try memoryFile("newer")
            let request = PublishRequest(filename: RawName("newer"), cmdline: "c", flags: .nextReboot)
            let failure = attempt(FaultPlan(failing: number..<Int.max)) {
                _ = try fixture.store.publish(request, from: content)
            }
            let after = try fixture.restarted()
            let comment: Comment = "ended before call \(number)"
            #expect(try after.isConsistent(), comment)
            #expect(after.index.find(digest("older")) != nil, comment)
            #expect(after.names.allSatisfy { !$0.description.hasPrefix(".") }, comment)
            #expect(after.names.count == after.store.items.count, comment)
            #expect(after.log.warnings.isEmpty, comment)
            // Who was told that it is published finds it again.
            if failure == nil { #expect(after.index.find(digest("newer")) != nil, comment) }
            // Never shared before its time.
            if let item = after.store.item(digest("newer")) {
                #expect(item.flags.contains(.disabled), comment)
            }
        }
    }

    @Test func whereDeletingFailsUnpublishSaysSoAndTheItemStays() throws {
        let fixture = try Fixture()
        try fixture.publish("a")
        let error = attempt(FaultPlan([.unlinkat: [.readOnly]])) {
            try fixture.store.unpublish(digest("a").hex)
        }
        if case .failed(let text)? = error as? PublishError {
            #expect(text.contains("Read-only"))
        } else {
            Issue.record("\(String(describing: error))")
        }
        #expect(try fixture.isConsistent() && fixture.names.count == 1)
    }

    @Test func expiredItemThatCannotBeDeletedIsNotSharedAndTriedAgain() throws {
        let fixture = try Fixture()
        try fixture.publish("a", lifetime: Lifetime(maxAge: 60, shareLimit: 0))
        fixture.clock.advance(seconds: 61)
        let worker = StoreWorker(store: fixture.store)
        FaultPlan.$current.withValue(FaultPlan([.unlinkat: [.readOnly, .readOnly]])) {
            _ = worker.turn()
            #expect(fixture.index.count == 0 && fixture.store.items.isEmpty && fixture.names.count == 1)
            for _ in 0..<20 {
                fixture.clock.advance(seconds: 11)
                _ = worker.turn()
            }
        }
        #expect(fixture.names.isEmpty)
        #expect(fixture.log.warnings.count == 1, "\(fixture.log.warnings)")
    }

    @Test func usedUpItemThatCannotBeDeletedStaysUsedUpAfterARestart() throws {
        let fixture = try Fixture()
        try fixture.publish("a", lifetime: Lifetime(maxAge: 60, shareLimit: 1))
        let entry = try fixture.entry("a")
        #expect(fixture.store.begin(entry))
        fixture.store.complete(entry)
        FaultPlan.$current.withValue(FaultPlan([.unlinkat: [.readOnly]])) { fixture.turn() }
        fixture.store.stop()
        #expect(fixture.names.count == 1)
        let after = try fixture.restarted()
        #expect(after.index.count == 0 && after.names.isEmpty)
        #expect(after.events == [.deleted(digest("a"), filename: RawName("file"))])
    }

    @Test(.enabled(if: SmallDisk.isPossible, "needs root to mount a tmpfs"))
    func onAFullDiskNothingRemainsAndNothingIsLost() throws {
        let disk = try SmallDisk(kibibytes: 256)
        let fixture = try Fixture(tree: disk.tree, maxItemSize: 1 << 30)
        var published: [String] = []
        var refused = 0
        for number in 0..<40 {
            let text = String(repeating: "\(number % 10)", count: 20_000 + number)
            do {
                try fixture.publish(text, as: "item \(number)")
                published.append(text)
            } catch PublishError.noSpace {
                refused += 1
            }
        }
        #expect(!published.isEmpty && refused > 0)
        #expect(fixture.names.count == published.count)
        let after = try fixture.restarted()
        #expect(try after.isConsistent())
        for text in published { #expect(after.index.find(digest(text)) != nil) }
        try fixture.store.unpublish(digest(published[0]).hex)
        try fixture.publish(published[0])
    }
}
