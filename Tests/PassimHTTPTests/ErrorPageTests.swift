import Testing

@testable import PassimHTTP

struct ErrorPageTests {
    @Test func pageNamesStatusAndReasonEscaped() {
        let page = String(
            decoding: errorPage(.notFound, reason: "No <script>alert('x')</script> & co."), as: UTF8.self)
        #expect(page.hasPrefix("<!DOCTYPE html>\n<html lang=\"en\">"))
        #expect(page.contains("<title>404 Not Found</title>"))
        #expect(page.contains("<p>No &lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; co.</p>"))
        #expect(!page.contains("<script"))
    }

    @Test func rejectionHasItsReason() {
        let page = String(decoding: errorPage(Rejection.severalHosts), as: UTF8.self)
        #expect(page.contains("<h1>400 Bad Request</h1>\n<p>There is more than one Host field.</p>"))
    }
}
