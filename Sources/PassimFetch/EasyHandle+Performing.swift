internal import CCurl
internal import Glibc

extension EasyHandle {
    /// Carries the transfer out on this thread (curl_easy_perform(3)). Its callbacks are called from within.
    func perform() -> TransferResult {
        withoutBrokenPipes { lend { curl_easy_perform($0) } }
    }

    /// - Parameter user: for the callback, as long as the transfer goes on.
    func setWriteCallback(
        _ callback: @escaping curl_write_callback, _ user: UnsafeMutableRawPointer
    ) throws(CurlError) {
        try check(lend { ccurl_set_write_callback($0, callback, user) }) { "CURLOPT_WRITEFUNCTION" }
    }

    /// - Parameter user: for the callback, as long as the transfer goes on.
    func setProgressCallback(
        _ callback: @escaping curl_xferinfo_callback, _ user: UnsafeMutableRawPointer
    ) throws(CurlError) {
        try check(lend { ccurl_set_progress_callback($0, callback, user) }) { "CURLOPT_XFERINFOFUNCTION" }
    }

    /// The length of the body as the last head announces it; nil if it does not.
    var announcedLength: UInt64? {
        var length: curl_off_t = -1
        guard lend({ ccurl_get_offset($0, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length) }) == CURLE_OK
        else { return nil }
        return UInt64(exactly: length)
    }

    /// Without its parameters.
    var contentType: String? {
        text(of: CURLINFO_CONTENT_TYPE).flatMap { type in
            type.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false).first.map { type in
                String(type.filter { !$0.isWhitespace })
            }
        }
    }

    /// The URL that the last answer came from: after redirects another one than was asked.
    var effectiveURL: String? { text(of: CURLINFO_EFFECTIVE_URL) }

    private func text(of information: CURLINFO) -> String? {
        var text: UnsafePointer<CChar>?
        guard lend({ ccurl_get_text($0, information, &text) }) == CURLE_OK, let text else { return nil }
        return String(cString: text)
    }
}

/// With CURLOPT_NOSIGNAL, libcurl leaves SIGPIPE to the program, and a program that prints wants to be ended
/// by it. It is sent to the thread that writes (pipe(7)), so it can be held up and taken away here.
func withoutBrokenPipes<Result>(_ body: () throws -> Result) rethrows -> Result {
    var pipe = sigset_t()
    sigemptyset(&pipe)
    sigaddset(&pipe, SIGPIPE)
    var pending = sigset_t()
    sigpending(&pending)
    let wasPending = sigismember(&pending, SIGPIPE) == 1
    var before = sigset_t()
    pthread_sigmask(SIG_BLOCK, &pipe, &before)
    defer {
        if !wasPending {
            var none = timespec()
            while sigtimedwait(&pipe, nil, &none) == -1, errno == EINTR {}
        }
        pthread_sigmask(SIG_SETMASK, &before, nil)
    }
    return try body()
}
