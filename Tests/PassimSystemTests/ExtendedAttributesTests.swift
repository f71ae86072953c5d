import PassimSystem
import PassimTestKit
import Testing

@Suite struct ExtendedAttributesTests {
    private let scratch = ScratchDirectory()

    private func makeFile() throws -> Descriptor {
        try Descriptor.open(try scratch.write("file", "x"), .readOnly)
    }

    /// Whether the file system of the tests has `user.*` attributes.
    private static let supported: Bool = {
        let scratch = ScratchDirectory()
        guard let path = try? scratch.write("x", ""), let file = try? Descriptor.open(path, .readOnly) else {
            return false
        }
        return (try? file.setAttribute("user.passim.test", [1])) != nil
    }()

    @Test(.enabled(if: supported)) func valueIsSetReplacedReadAndRemoved() throws {
        let file = try makeFile()
        #expect(try file.attribute("user.passim.test", limit: 10) == nil)
        try file.setAttribute("user.passim.test", [1, 0, 2])
        #expect(try file.attribute("user.passim.test", limit: 10) == [1, 0, 2])
        try file.setAttribute("user.passim.test", [])
        #expect(try file.attribute("user.passim.test", limit: 10) == [])
        try file.removeAttribute("user.passim.test")
        let error = #expect(throws: SystemError.self) { try file.removeAttribute("user.passim.test") }
        #expect(error?.code == .noAttribute)
    }

    @Test(.enabled(if: supported)) func longerValueThanAskedForIsAsGoodAsNone() throws {
        let file = try makeFile()
        try file.setAttribute("user.passim.test", Array(repeating: 7, count: 65))
        #expect(try file.attribute("user.passim.test", limit: 64) == nil)
        #expect(try file.attribute("user.passim.test", limit: 65)?.count == 65)
    }

    @Test func fileSystemWithoutAttributesHasNone() throws {
        let file = try makeFile()
        FaultPlan.$current.withValue(FaultPlan([.fgetxattr: [.notSupported], .fsetxattr: [.notSupported]])) {
            #expect((try? file.attribute("user.passim.test", limit: 10)) == .some(nil))
            let error = #expect(throws: SystemError.self) { try file.setAttribute("user.passim.test", [1]) }
            #expect(error?.code == .notSupported)
        }
    }

    @Test func otherErrorsAreThrown() throws {
        let file = try makeFile()
        FaultPlan.$current.withValue(FaultPlan([.fgetxattr: [.interrupted, .inputOutput]])) {
            let error = #expect(throws: SystemError.self) {
                try file.attribute("user.passim.test", limit: 10)
            }
            #expect(error?.code == .inputOutput)
        }
    }
}
