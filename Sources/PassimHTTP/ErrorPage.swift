/// The body of an error response: a short HTML page. Its type is `text/html; charset=utf-8`.
///
/// - Parameter reason: a sentence; it may quote what the client sent, and is escaped.
package func errorPage(_ status: Status, reason: String) -> [UInt8] {
    var page = [UInt8]()
    page.reserveCapacity(512)
    let title = "\(status.rawValue) \(status.reason)"
    HTMLText.append(
        literal: "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n", to: &page)
    HTMLText.append(
        literal: "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
        to: &page)
    HTMLText.append(title, to: &page)
    HTMLText.append(literal: "</title>\n</head>\n<body>\n<h1>", to: &page)
    HTMLText.append(title, to: &page)
    HTMLText.append(literal: "</h1>\n<p>", to: &page)
    HTMLText.append(reason, to: &page)
    HTMLText.append(literal: "</p>\n</body>\n</html>\n", to: &page)
    return page
}

package func errorPage(_ rejection: Rejection) -> [UInt8] {
    errorPage(rejection.status, reason: rejection.reason.description)
}
