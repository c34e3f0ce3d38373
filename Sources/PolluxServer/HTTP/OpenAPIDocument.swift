/// The OpenAPI document: a resource beside the viewer's files, with the version filled in.
///
/// A test compares its paths and methods with the routes.
enum OpenAPIDocument {
    /// The document, or nil when the resources of this module are not where they should be.
    static func bytes(version: String) -> [UInt8]? {
        guard let bytes = ViewerFiles.resource("openapi.json") else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        return Array(text.replacing("@VERSION@", with: version).utf8)
    }
}
