import PassimSystem
import PassimTestKit
import Testing

/// Each target over its seeds, among them every input that has found something, and over mutations of them.
@Suite struct FuzzTests {
    @Test(arguments: FuzzTarget.all)
    func seedsHold(target: FuzzTarget) async throws {
        let seeds = try Seeds.load(of: target)
        #expect(!seeds.isEmpty)
        let flaws = try await onOwnThread {
            seeds.compactMap { name, seed in flaw(of: target, seed).map { "\(name): \($0)" } }
        }
        #expect(flaws.isEmpty)
    }

    /// The same ones every time: what is new is for scripts/fuzz to find, not for who changes something else.
    @Test(arguments: FuzzTarget.all)
    func mutationsOfSeedsHold(target: FuzzTarget) async throws {
        let seeds = try Seeds.load(of: target).map(\.content)
        let found: String? = try await onOwnThread {
            var random = SeededGenerator(seed: 20_261_121)
            for round in 0..<target.rounds {
                let input = Mutation.mutate(
                    random.pick(seeds), words: target.words, others: seeds, &random)
                if let flaw = flaw(of: target, input) {
                    return "\(flaw)\nround \(round), \(input)"
                }
            }
            return nil
        }
        if let found { Issue.record("\(found)") }
    }

    /// The reports of libFuzzer's runs name them.
    @Test func targetsHaveNamesOfTheirOwnAndSources() throws {
        #expect(Set(FuzzTarget.all.map(\.name)).count == FuzzTarget.all.count)
        for target in FuzzTarget.all {
            for source in target.sources {
                #expect(throws: Never.self, "\(target): \(source)") {
                    _ = try Descriptor.open("\(Seeds.sources)/\(source)", .readOnly)
                }
            }
        }
    }
}

private func flaw(of target: FuzzTarget, _ input: [UInt8]) -> Flaw? {
    do throws(Flaw) {
        try target.run(input)
        return nil
    } catch {
        return error
    }
}
