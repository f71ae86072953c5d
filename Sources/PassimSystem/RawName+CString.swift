package import PassimCore

extension RawName {
    /// Lends the bytes with a NUL behind them. Names hold no NUL, or they were never the kernel's.
    @inline(__always)
    package func withCString<Result, Failure: Error>(
        _ body: (UnsafePointer<CChar>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try bytes.withCString(body)
    }
}

extension Array where Element == UInt8 {
    @inline(__always)
    func withCString<Result, Failure: Error>(
        _ body: (UnsafePointer<CChar>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let outcome: Swift.Result<Result, Failure> = withUnsafeTemporaryAllocation(
            byteCount: count + 1, alignment: 1
        ) { buffer in
            buffer.copyBytes(from: self)
            buffer[count] = 0
            do throws(Failure) {
                return .success(try body(buffer.baseAddress!.assumingMemoryBound(to: CChar.self)))
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }
}
