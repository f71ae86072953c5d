// libssl and libcrypto, and inlines for what is a macro there.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

static inline int copenssl_set_min_tls12(SSL_CTX *context) {
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
}
// SSL_OP_* are macros of casts. IGNORE_UNEXPECTED_EOF: a client that just closes is no protocol error.
static inline uint64_t copenssl_set_server_options(SSL_CTX *context) {
    return SSL_CTX_set_options(
        context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
}
static inline long copenssl_set_mode(SSL_CTX *context, long mode) { return SSL_CTX_set_mode(context, mode); }
static inline long copenssl_set_session_cache_mode(SSL_CTX *context, long mode) {
    return SSL_CTX_set_session_cache_mode(context, mode);
}
static inline long copenssl_release_buffers_when_empty(SSL *ssl, int on) {
    return on ? SSL_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS) : SSL_clear_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
}
static inline void copenssl_set_read_ahead(SSL_CTX *context, int on) { SSL_CTX_set_read_ahead(context, on); }
static inline void copenssl_set_retry_read(BIO *bio) { BIO_set_retry_read(bio); }
static inline void copenssl_set_retry_write(BIO *bio) { BIO_set_retry_write(bio); }
static inline void copenssl_clear_retry(BIO *bio) { BIO_clear_retry_flags(bio); }
static inline EVP_PKEY *copenssl_generate_p256(void) { return EVP_EC_gen("P-256"); }
static inline int copenssl_set_server_name(SSL *ssl, const char *name) {
    return (int)SSL_set_tlsext_host_name(ssl, name);
}
static inline int copenssl_bio_number(const char *unused) { (void)unused; return BIO_get_new_index() | BIO_TYPE_SOURCE_SINK; }
static inline unsigned long copenssl_peek_last_error(void) { return ERR_peek_last_error(); }

// STACK_OF(X509) is made of macros. Takes references of its own.
static inline int copenssl_use_identity(SSL_CTX *context, X509 *const *chain, size_t count, EVP_PKEY *key) {
    STACK_OF(X509) *rest = sk_X509_new_null();
    int result = rest != NULL;
    for (size_t index = 1; result && index < count; index++) result = sk_X509_push(rest, chain[index]) > 0;
    if (result) result = SSL_CTX_use_cert_and_key(context, chain[0], key, rest, 1);
    sk_X509_free(rest);
    return result;
}
// BIO_get_mem_data is a macro over BIO_ctrl.
static inline long copenssl_memory(BIO *bio, char **start) { return BIO_get_mem_data(bio, start); }
// Macros over SSL_ctrl.
static inline int copenssl_set_versions(SSL *ssl, int minimum, int maximum) {
    return SSL_set_min_proto_version(ssl, minimum) == 1 && SSL_set_max_proto_version(ssl, maximum) == 1;
}
// STACK_OF(X509) is made of macros; null has none.
static inline int copenssl_count(const STACK_OF(X509) *chain) { return chain == NULL ? 0 : sk_X509_num(chain); }
static inline X509 *copenssl_at(const STACK_OF(X509) *chain, int index) { return sk_X509_value(chain, index); }
// STACK_OF(SSL_CIPHER) is made of macros.
static inline int copenssl_cipher_count(const SSL_CTX *context) {
    return sk_SSL_CIPHER_num(SSL_CTX_get_ciphers(context));
}
static inline const SSL_CIPHER *copenssl_cipher_at(const SSL_CTX *context, int index) {
    return sk_SSL_CIPHER_value(SSL_CTX_get_ciphers(context), index);
}
// A macro over SSL_CTX_ctrl.
static inline int copenssl_set_groups(SSL_CTX *context, const char *list) {
    return SSL_CTX_set1_groups_list(context, list) == 1;
}
