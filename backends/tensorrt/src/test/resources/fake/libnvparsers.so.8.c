/* TensorRT's parsers of other formats, which nothing here asks for. */
void *_ZN11nvuffparser15createUffParserEv(void) { return 0; }
