internal import CCurl

/// The end of a transfer as libcurl tells it.
typealias TransferResult = CURLcode

/// A transfer for the loop to carry out. Its functions are called on the loop's thread, unless it says
/// otherwise.
protocol Transfer: AnyObject, Sendable {
    /// When it is to be over, whether it was begun or not; of `monotonicNanoseconds()`.
    var deadline: UInt64 { get }
    /// Nobody waits for it any more.
    var isOver: Bool { get }

    /// Sets the options of a handle that is its own until `end`.
    ///
    /// - Parameter milliseconds: what is left of its time, at least 1.
    func makeHandle(milliseconds: Int) throws(CurlError) -> EasyHandle

    /// libcurl has ended it.
    func end(_ result: TransferResult, _ easy: EasyHandle)

    /// It was not begun, or not carried to its end. From any thread.
    func abandon(_ reason: AbandonReason)
}

enum AbandonReason: Hashable, Sendable {
    /// Its time was up while others were carried out.
    case late
    /// Too many wait.
    case overload
    case stopped
    /// Its handle could not be made.
    case refused(CurlError)
}
