import PassimTestKit

/// A part of the daemon or the command that reads what strangers wrote, and what must hold whatever that is.
///
/// CI runs each over its seeds and mutations of them (`FuzzTests`), `scripts/fuzz` with libFuzzer.
struct FuzzTarget: Sendable {
    /// Also of its directory in `Seeds`.
    let name: String
    /// What it is about, below `Sources`: whose coverage counts.
    let sources: [String]
    /// What inputs are made of, for mutations.
    let words: [String]
    /// Mutations that CI tries.
    let rounds: Int
    /// Whatever the input is, it returns soon.
    ///
    /// - Throws: what should have held.
    let run: @Sendable (_ input: [UInt8]) throws(Flaw) -> Void

    static let all = [
        requestHead, conditions, query, configuration, auditLine, attributes, dictionary, peerURL,
        dnsMessage, responder, responseHead, status, manifest,
    ]
}

extension FuzzTarget: CustomStringConvertible {
    var description: String { name }
}

/// What should have held for an input, and did not.
struct Flaw: Error, CustomStringConvertible {
    let description: String
}

func check(_ condition: Bool, _ words: @autoclosure () -> String) throws(Flaw) {
    if !condition { throw Flaw(description: words()) }
}

func checkEqual<Value: Equatable>(
    _ one: Value, _ other: Value, _ words: @autoclosure () -> String
) throws(Flaw) {
    if one != other { throw Flaw(description: "\(words()): \(one), not \(other)") }
}

/// Lends memory that ends where the bytes do, so that AddressSanitizer sees what is read behind them.
func withExactly<Result, Failure: Error>(
    _ bytes: some Collection<UInt8>, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
) throws(Failure) -> Result {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    defer { memory.deallocate() }
    memory.copyBytes(from: bytes)
    return try body(UnsafeRawBufferPointer(memory))
}

/// FNV-1a: choices that belong to an input and are the same each time.
func choices(for input: [UInt8]) -> SeededGenerator {
    SeededGenerator(seed: input.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 })
}
