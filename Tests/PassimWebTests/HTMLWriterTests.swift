import PassimCore
import Testing

@testable import PassimWeb

struct HTMLWriterTests {
    private func written(_ body: (inout HTMLWriter) -> Void) -> String {
        var writer = HTMLWriter(capacity: 64)
        body(&writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test func elementsAreNested() {
        let text = written { page in
            page.element(.p, HTMLAttribute(.class, "x")) { $0.element(.bdi, text: "y") }
        }
        #expect(text == "<!DOCTYPE html>\n<p class=\"x\"><bdi>y</bdi></p>\n")
    }

    @Test func voidElementHasNoEnd() {
        #expect(
            written { $0.void(.meta, HTMLAttribute(.charset, "utf-8")) }
                == "<!DOCTYPE html>\n<meta charset=\"utf-8\">\n")
    }

    @Test func textAndAttributesAreEscaped() {
        let text = written { page in
            page.element(.p, HTMLAttribute(.id, "\" onload='x'"), text: "</p><b>")
            page.text(RawName(bytes: [0x3C, 0xFF]))
        }
        #expect(
            text
                == "<!DOCTYPE html>\n<p id=\"&quot; onload=&#39;x&#39;\">&lt;/p&gt;&lt;b&gt;</p>\n&lt;\u{FFFD}"
        )
    }

    /// Text of others is cut; a link that is cut would be another one.
    @Test func longTextIsCutAndLongAttributesAreNot() {
        let long = String(repeating: "a", count: 20_000)
        let text = written { $0.element(.a, HTMLAttribute(.href, "/?q=" + long), text: long) }
        #expect(text.contains("href=\"/?q=\(long)\">"))
        #expect(text.utf8.count < 25_000)
        #expect(text.contains("a…</a>"))
    }
}
