/* SPDX-License-Identifier: ISC */
/*
 * OpenSSL's side of RFC 7518 3.3 to 3.5: PSS with the salt as long as the digest and MGF1 with the
 * same digest, ECDSA as r||s of fixed length instead of DER.
 */
#include "core/jose/jws_evp.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>

int
jws_evp_start(EVP_MD_CTX *context, const struct jwa *row, EVP_PKEY *key, bool sign)
{
	EVP_PKEY_CTX *parameters = NULL;
	int done;

	if (sign)
		done = EVP_DigestSignInit_ex(context, &parameters, row->digest, NULL, NULL, key,
					     NULL);
	else
		done = EVP_DigestVerifyInit_ex(context, &parameters, row->digest, NULL, NULL, key,
					       NULL);
	if (done != 1)
		return -1;
	if (!row->pss)
		return 0;
	if (EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) != 1)
		return -1;
	return 0;
}

int
jws_evp_raw(const uint8_t *der, size_t der_size, uint8_t *raw, size_t size)
{
	const unsigned char *position = der;
	ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &position, (long)der_size);
	int half = (int)(size / 2);
	int result = -1;

	if (signature == NULL)
		return -1;
	if (BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw, half) == half &&
	    BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw + half, half) == half)
		result = 0;
	ECDSA_SIG_free(signature);
	return result;
}

int
jws_evp_der(const uint8_t *raw, size_t size, uint8_t *der, size_t *der_size)
{
	ECDSA_SIG *signature = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(raw, (int)(size / 2), NULL);
	BIGNUM *s = BN_bin2bn(raw + size / 2, (int)(size / 2), NULL);
	unsigned char *position = der;
	int length = -1;

	if (signature == NULL || ECDSA_SIG_set0(signature, r, s) != 1) {
		BN_free(r);
		BN_free(s);
		ECDSA_SIG_free(signature);
		return -1;
	}
	/* from here r and s belong to the signature */
	length = i2d_ECDSA_SIG(signature, NULL);
	if (length > 0 && (size_t)length <= *der_size)
		length = i2d_ECDSA_SIG(signature, &position);
	else
		length = -1;
	ECDSA_SIG_free(signature);
	if (length <= 0)
		return -1;
	*der_size = (size_t)length;
	return 0;
}
