import Glibc
import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@Suite(.enabled(if: geteuid() == 0, "needs root")) struct ActingUserTests {
    private let nobody = ActingUser(user: 65534, group: 65534)

    @Test func filesOfRootAreClosedToTheUserAndNotToOtherThreads() throws {
        let tree = try TemporaryTree()
        try tree.write("closed", "x", mode: 0o600)
        try tree.write("open", "x", mode: 0o644)
        let (closed, open) = (tree.absolute("closed"), tree.absolute("open"))
        @Sendable func code(_ path: String) -> SystemError.Code? {
            do throws(SystemError) {
                _ = try Descriptor.open(path, .readOnly)
                return nil
            } catch { return error.code }
        }
        let found = try nobody.run { [code(closed), code(open)] }
        #expect(found == [.accessDenied, nil])
        // This thread is still root's.
        #expect(code(closed) == nil)
    }

    @Test func userIsFoundByNameWithGroups() throws {
        #expect(ActingUser.named("root")?.user == 0)
        #expect(ActingUser.named("no such user") == nil)
    }
}
