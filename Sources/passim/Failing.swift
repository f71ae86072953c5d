internal import PassimCore
internal import PassimSystem

/// Runs `body`; a failure of it names the path.
func failing<Result: ~Copyable>(
    _ path: RawName, _ body: () throws(SystemError) -> Result
) throws(Failure) -> Result {
    do throws(SystemError) {
        return try body()
    } catch {
        throw Failure("\(path): \(error.sentence)")
    }
}
