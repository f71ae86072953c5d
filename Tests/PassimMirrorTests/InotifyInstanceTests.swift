import Glibc
import PassimCore
import PassimSystem
import Testing

@testable import PassimMirror

extension LiveTests {
    @Suite struct InotifyInstanceTests {
        private let tree = MirrorTree()

        private func watch(_ path: String, _ instance: InotifyInstance) throws -> CInt {
            let directory = try Descriptor.open(tree.child(path), [.readOnly, .directory])
            return try instance.inotify.add(directory, Inotify.treeMask)
        }

        private func events(_ instance: InotifyInstance) -> [InotifyEvent] {
            var found: [InotifyEvent] = []
            while let event = instance.next(), found.count < 10_000 { found.append(event) }
            return found
        }

        @Test func thereIsOneAtATime() throws {
            var instance: InotifyInstance? = try InotifyInstance()
            for _ in 0..<2 {
                do {
                    _ = try InotifyInstance()
                    Issue.record("there are two")
                } catch {
                    #expect(error.code == .exists)
                }
            }
            // And the first one has not suffered.
            let watch = try watch("", instance!)
            tree.makeDirectory("sub")
            #expect(events(instance!).map(\.watch) == [watch])
            instance = nil
            let next = try InotifyInstance()
            #expect(next.next() == nil)
        }

        @Test func eventsSayWhereAndWhat() throws {
            let instance = try InotifyInstance()
            #expect(instance.next() == nil)
            tree.makeDirectory("sub")
            let root = try watch("", instance)
            let sub = try watch("sub", instance)
            let again = try watch("sub", instance)
            #expect(again == sub)
            #expect(root != sub)
            let name = RawName(bytes: Array(repeating: 0xFF, count: 255))
            tree.write(name, "content")
            tree.write("sub/b", "")
            tree.remove("sub/b")
            tree.remove("sub")
            let expected: [InotifyEvent] = [
                InotifyEvent(watch: root, mask: .created, name: name),
                InotifyEvent(watch: root, mask: .modified, name: name),
                InotifyEvent(watch: root, mask: .closedAfterWriting, name: name),
                InotifyEvent(watch: sub, mask: .created, name: RawName("b")),
                InotifyEvent(watch: sub, mask: .closedAfterWriting, name: RawName("b")),
                InotifyEvent(watch: sub, mask: .deleted, name: RawName("b")),
                InotifyEvent(watch: sub, mask: .deletedSelf, name: nil),
                InotifyEvent(watch: sub, mask: .ignored, name: nil),
                InotifyEvent(watch: root, mask: [.deleted, .isDirectory], name: RawName("sub")),
            ]
            // A program that another test starts at that moment has the file for an instant, too, and closes it later.
            var found: [InotifyEvent] = []
            #expect(
                eventually {
                    found += events(instance)
                    return found.count >= expected.count
                })
            #expect(found.count == expected.count)
            for event in expected { #expect(found.contains(event), "\(event) is not in \(found)") }
            for watch in [root, sub] {
                let first = expected.first { $0.watch == watch }
                #expect(found.first(where: { $0.watch == watch }) == first)
            }
        }

        @Test func descriptorIsReadableWhenThereAreEventsAndNotInherited() throws {
            let instance = try InotifyInstance()
            _ = try watch("", instance)
            func isReadable() -> Bool {
                var poll = pollfd(fd: instance.descriptor, events: Int16(POLLIN), revents: 0)
                return Glibc.poll(&poll, 1, 0) == 1
            }
            #expect(!isReadable())
            tree.write("a", "")
            #expect(isReadable())
            _ = events(instance)
            #expect(!isReadable())
            #expect(fcntl(instance.descriptor, F_GETFD) & FD_CLOEXEC != 0)
        }

        @Test func watchThatIsRemovedTwiceIsNoError() throws {
            let instance = try InotifyInstance()
            let watch = try watch("", instance)
            instance.inotify.remove(watch)
            instance.inotify.remove(watch)
            tree.write("a", "")
            #expect(events(instance) == [InotifyEvent(watch: watch, mask: .ignored, name: nil)])
        }
    }
}
