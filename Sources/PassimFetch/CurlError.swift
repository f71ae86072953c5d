internal import CCurl

/// Something that libcurl refused: what was being done, and its code.
package struct CurlError: Error, Hashable, Sendable {
    /// The action that failed, as it follows "failed while": "setting CURLOPT_PROXY".
    package var action: String
    /// A `CURLcode` or `CURLMcode`; 0 where libcurl gives none.
    package var code: Int
    /// libcurl's words for it.
    package var reason: String

    init(doing action: String, _ code: CURLcode) {
        self.action = action
        self.code = Int(code.rawValue)
        reason = CurlError.sentence(code)
    }

    init(doing action: String, _ code: CURLMcode) {
        self.action = action
        self.code = Int(code.rawValue)
        reason = String(cString: curl_multi_strerror(code))
    }

    /// For functions that return a null pointer and nothing else.
    init(doing action: String, reason: String = "out of memory") {
        self.action = action
        code = 0
        self.reason = reason
    }

    /// curl_easy_strerror(3).
    static func sentence(_ code: CURLcode) -> String {
        String(cString: curl_easy_strerror(code))
    }
}

extension CurlError: CustomStringConvertible {
    package var description: String { "libcurl, \(action): \(reason)" }
}

/// The library as a whole.
enum Curl {
    /// curl_global_init(3), once; what it says is for everybody who comes later, too.
    private static let initialization: CURLcode = ccurl_global_init()

    static func begin() throws(CurlError) {
        let code = initialization
        guard code == CURLE_OK else { throw CurlError(doing: "initializing", code) }
    }
}
