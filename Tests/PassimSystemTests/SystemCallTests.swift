import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@Suite struct SystemCallTests {
    private let scratch = ScratchDirectory()

    @Test func interruptedCallIsRepeated() throws {
        let path = try scratch.write("file", "content")
        let plan = FaultPlan([
            .open: [.interrupted, .interrupted], .read: [.interrupted, nil, .interrupted],
            .fstat: [.interrupted],
        ])
        try FaultPlan.$current.withValue(plan) {
            let file = try Descriptor.open(path, .readOnly)
            #expect(try file.status().identity.size == 7)
            #expect(try file.readAll(limit: 7) == Array("content".utf8))
        }
    }

    @Test func errorSaysWhatWasDoneToWhat() {
        let plan = FaultPlan([.open: [.tooManyFiles]])
        FaultPlan.$current.withValue(plan) {
            let error = #expect(throws: SystemError.self) { _ = try Descriptor.open("/some/file", .readOnly) }
            #expect(error == SystemError(code: .tooManyFiles, call: .open, subject: "/some/file"))
            #expect(error?.description == "open /some/file: Too many open files")
        }
    }

    @Test func faultsAreUsedUpInOrder() throws {
        let path = try scratch.write("file", "content")
        try FaultPlan.$current.withValue(FaultPlan([.open: [nil, .inputOutput]])) {
            _ = try Descriptor.open(path, .readOnly)
            let error = #expect(throws: SystemError.self) { _ = try Descriptor.open(path, .readOnly) }
            #expect(error?.code == .inputOutput)
            _ = try Descriptor.open(path, .readOnly)
        }
    }

    @Test func faultsOfOneTaskAreNotThoseOfAnother() async throws {
        let path = try scratch.write("file", "content")
        let other = FaultPlan.$current.withValue(FaultPlan([.open: [.inputOutput]])) {
            Task.detached { (try? Descriptor.open(path, .readOnly)) != nil }
        }
        #expect(await other.value)
    }

    @Test func unknownCodeHasASentence() {
        #expect(SystemError.Code(rawValue: 99_999).sentence.contains("99999"))
        #expect(SystemError(code: .noSpace, call: .write).description == "write: No space left on device")
    }
}
