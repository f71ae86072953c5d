import PassimConfig
import PassimCore
import PassimIndex
import PassimTestKit
import Testing

@testable import PassimMirror

extension LiveTests {
    /// What is said of a path that the index does not have.
    @Suite struct PendingNamesTests {
        private func isPending(_ fixture: LiveFixture, _ origin: MirrorOrigin, _ path: String) -> Bool {
            fixture.mirror.isPending(origin: origin.id, path: RawName(path))
        }

        /// At no moment between two turns a file that is there is said not to be.
        @Test func fileIsPendingUntilItIsKnown() throws {
            let fixture = try LiveFixture(isStarted: false)
            defer { fixture.stop() }
            var paths: [String] = []
            for directory in ["", "a/", "a/b/", "c/"] {
                for number in 0..<100 {
                    let path = "\(directory)\(number)"
                    fixture.tree.write(path, path)
                    fixture.tree.setModified(path, DaemonSite.longAgo)
                    paths.append(path)
                }
            }
            let origin = fixture.share()[0]
            let worker = Worker(fixture.mirror)
            var turns = 0
            repeat {
                turns += 1
                let known = fixture.known()[origin.id] ?? [:]
                for path in paths where known[RawName(path)] == nil {
                    #expect(isPending(fixture, origin, path), "\(path) after \(turns) turns")
                }
            } while worker.turn()
            worker.rest()
            #expect(turns > 4)
            #expect(fixture.known()[origin.id]?.count == paths.count)
            for path in ["none", "a/none", "a/b/none", "c/d/none", "none/none", "a/0/none"] {
                #expect(!isPending(fixture, origin, path), "\(path)")
            }
            #expect(!fixture.mirror.isPending(origin: OriginID(99), path: RawName("a")))
        }

        @Test func changesArePendingUntilTheyAreHashed() throws {
            let fixture = try LiveFixture(isStarted: false)
            defer { fixture.stop() }
            fixture.tree.makeDirectory("a")
            var dropIn = fixture.dropIn("a.conf")
            dropIn.exclude.append(try Glob("*.bak"))
            let origin = fixture.share([dropIn])[0]
            fixture.drain()
            #expect(!isPending(fixture, origin, "a/new"))
            fixture.tree.write("a/new", "new")
            #expect(fixture.waitForWork())
            #expect(isPending(fixture, origin, "a/new"))
            fixture.drain()
            // Hashed, or left alone for a while as it is young.
            #expect(isPending(fixture, origin, "a/new") || fixture.entry("a/new") != nil)
            #expect(!isPending(fixture, origin, "a/other"))
            #expect(!isPending(fixture, origin, "a/new.bak"))
            #expect(
                eventually {
                    fixture.drain()
                    return fixture.entry("a/new") != nil
                })
            fixture.tree.remove("a/new")
            #expect(
                eventually {
                    fixture.drain()
                    return fixture.entry("a/new") == nil && !isPending(fixture, origin, "a/new")
                })
            // What the server finds changed is looked at at once.
            fixture.mirror.recheck(origin: origin.id, path: RawName("a/x"))
            #expect(isPending(fixture, origin, "a/x"))
        }

        /// - Parameter isLookedAtBefore: by a worker that is faster than the server.
        @Test(arguments: [false, true])
        func entryThatTheServerDropsIsPendingFromBeforeThatOn(isLookedAtBefore: Bool) throws {
            let fixture = try LiveFixture(isStarted: false)
            defer { fixture.stop() }
            fixture.tree.write("a/file", "content")
            let origin = fixture.share()[0]
            #expect(
                eventually {
                    fixture.drain()
                    return fixture.entry("a/file") != nil && !isPending(fixture, origin, "a/file")
                })
            let item = Item(entry: fixture.entry("a/file")!, path: RawName("a/file"))
            func isAccountedFor() -> Bool {
                isPending(fixture, origin, "a/file") || fixture.entry("a/file") != nil
            }
            var drops = 0
            fixture.mirror.recheck(item) {
                drops += 1
                #expect(isPending(fixture, origin, "a/file"))
                if isLookedAtBefore { fixture.drain() }
                fixture.index.apply([.drop(item.entry)])
                #expect(isLookedAtBefore || fixture.entry("a/file") == nil)
                #expect(isLookedAtBefore || isPending(fixture, origin, "a/file"))
            }
            #expect(drops == 1)
            #expect(isAccountedFor())
            var gaps = 0
            let isKnown = eventually {
                _ = Worker(fixture.mirror).turn()
                if !isAccountedFor() { gaps += 1 }
                return fixture.entry("a/file") != nil && !isPending(fixture, origin, "a/file")
            }
            #expect(isKnown && gaps == 0)
        }

        /// A client that asks for a file that a mirror need not have, as apt does, is told so, also while other files
        /// are looked at.
        @Test func namesKnownToBeMissingAreNotPending() throws {
            let fixture = try LiveFixture(isStarted: false)
            defer { fixture.stop() }
            for number in 0..<3 {
                fixture.tree.write("a/\(number)", "\(number)")
                fixture.tree.setModified("a/\(number)", DaemonSite.longAgo)
            }
            let origin = fixture.share()[0]
            #expect(
                eventually {
                    fixture.drain()
                    return fixture.mirror.firstPassDone && fixture.known()[origin.id]?.count == 3
                })
            fixture.mirror.rescanAll()
            let worker = Worker(fixture.mirror)
            var turns = 0
            repeat {
                turns += 1
                #expect(!isPending(fixture, origin, "a/none"), "after \(turns) turns")
                #expect(!isPending(fixture, origin, "b/none"), "after \(turns) turns")
            } while worker.turn()
            worker.rest()
            #expect(turns > 2)
            let isLookedAt = fixture.mirror.change { state, now in
                guard let node = state.origins.first?.root?.children[RawName("a")] else { return false }
                state.mark(node, RawName("0"), due: now, now: now)
                return state.beginLook(node) != nil
            }
            #expect(isLookedAt)
            #expect(isPending(fixture, origin, "a/0"))
            #expect(!isPending(fixture, origin, "a/none"))
        }

        @Test func directoryThatIsNotThereHasNothing() throws {
            let fixture = try LiveFixture(isStarted: false)
            defer { fixture.stop() }
            let origin = fixture.share([fixture.dropIn("a.conf", "missing")])[0]
            #expect(isPending(fixture, origin, "file"))
            fixture.drain()
            #expect(!isPending(fixture, origin, "file"))
        }
    }
}
