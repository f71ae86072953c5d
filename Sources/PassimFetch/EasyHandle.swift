internal import CCurl

/// An easy handle of libcurl (curl_easy_init(3)): the options of one transfer, and what came of it. For one
/// thread at a time; out of its `MultiHandle` before it goes.
final class EasyHandle {
    private let pointer: UnsafeMutableRawPointer
    /// CURLOPT_ERRORBUFFER, where it was asked for.
    private var words: UnsafeMutablePointer<CChar>?
    /// CURLOPT_RESOLVE, where it was asked for.
    private var addresses: UnsafeMutablePointer<curl_slist>?

    init() throws(CurlError) {
        guard let pointer = curl_easy_init() else { throw CurlError(doing: "making an easy handle") }
        self.pointer = pointer
    }

    /// With the same options (curl_easy_duphandle(3)).
    init(copying other: EasyHandle) throws(CurlError) {
        guard let pointer = curl_easy_duphandle(other.pointer) else {
            throw CurlError(doing: "copying an easy handle")
        }
        self.pointer = pointer
    }

    deinit {
        curl_easy_cleanup(pointer)
        words?.deallocate()
        curl_slist_free_all(addresses)
    }

    /// The addresses of the URL's host, which libcurl then does not look for itself: its resolver has no limit of time
    /// but the transfer's. Once a handle.
    ///
    /// - Parameter entry: `HOST:PORT:ADDRESS,…` (CURLOPT_RESOLVE(3)).
    func resolve(as entry: String) throws(CurlError) {
        guard let list = curl_slist_append(nil, entry) else {
            throw CurlError(doing: "setting CURLOPT_RESOLVE")
        }
        addresses = list
        try check(ccurl_set_list(pointer, CURLOPT_RESOLVE, list)) { "CURLOPT_RESOLVE" }
    }

    /// From now on `detail` tells more than a code does, which name could not be resolved say.
    func keepDetail() throws(CurlError) {
        let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
        buffer.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        words = buffer
        try check(ccurl_set_error_buffer(pointer, buffer)) { "CURLOPT_ERRORBUFFER" }
    }

    /// libcurl's words for the last failure; nil where there are none.
    var detail: String? {
        guard let words, words.pointee != 0 else { return nil }
        defer { words.pointee = 0 }
        return String(cString: words)
    }

    /// Optimized code lets go of an object as soon as nothing but its pointer is used.
    func lend<Result>(_ body: (UnsafeMutableRawPointer) -> Result) -> Result {
        withExtendedLifetime(self) { body(pointer) }
    }

    func set(_ option: CURLoption, _ value: Int) throws(CurlError) {
        try check(ccurl_set_number(pointer, option, value)) { EasyHandle.name(of: option) }
    }

    /// - Parameter text: copied by libcurl.
    func set(_ option: CURLoption, _ text: String?) throws(CurlError) {
        try check(ccurl_set_text(pointer, option, text)) { EasyHandle.name(of: option) }
    }

    /// - Parameter user: for the callback, as long as the transfer goes on.
    func setHeaderCallback(
        _ callback: @escaping curl_write_callback, _ user: UnsafeMutableRawPointer
    ) throws(CurlError) {
        try check(ccurl_set_header_callback(pointer, callback, user)) { "CURLOPT_HEADERFUNCTION" }
    }

    /// How other machines of the network are spoken to, whatever is asked of them.
    ///
    /// Their content is proved by its digest and not by their certificates, which are self-signed; and no
    /// setting of the environment or of a user's files leads a request elsewhere.
    func speakToPeers(as agent: String) throws(CurlError) {
        try check(ccurl_set_https_only(pointer)) { "CURLOPT_PROTOCOLS" }
        try check(ccurl_close_sockets_on_exec(pointer)) { "CURLOPT_OPENSOCKETFUNCTION" }
        // Signals are the process's, and threads cannot share them.
        try set(CURLOPT_NOSIGNAL, 1)
        // Empty: not even that of the environment.
        try set(CURLOPT_PROXY, "")
        try set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
        try set(CURLOPT_FOLLOWLOCATION, 0)
        try set(CURLOPT_SSL_VERIFYPEER, 0)
        try set(CURLOPT_SSL_VERIFYHOST, 0)
        // Read for each connection otherwise, verified or not.
        try set(CURLOPT_CAINFO, nil)
        try set(CURLOPT_CAPATH, nil)
        try set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        try set(CURLOPT_HTTP09_ALLOWED, 0)
        // A name of dots is a name like any other.
        try set(CURLOPT_PATH_AS_IS, 1)
        try set(CURLOPT_USERAGENT, agent)
    }

    /// A body, which has no place where only the head is asked for, fails the transfer.
    func refuseBody() throws(CurlError) {
        try set(CURLOPT_NOBODY, 1)
        try check(ccurl_set_no_body_expected(pointer)) { "CURLOPT_WRITEFUNCTION" }
    }

    /// The status of the last response head, 0 where there was none.
    var responseStatus: Int {
        var status = 0
        return ccurl_get_number(pointer, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK ? status : 0
    }

    func check(_ code: CURLcode, _ option: () -> String) throws(CurlError) {
        guard code == CURLE_OK else { throw CurlError(doing: "setting \(option())", code) }
    }

    private static func name(of option: CURLoption) -> String {
        guard let known = curl_easy_option_by_id(option) else { return "option \(option.rawValue)" }
        return "CURLOPT_" + String(cString: known.pointee.name)
    }
}
