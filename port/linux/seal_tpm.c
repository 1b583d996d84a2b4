/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE

#include "port/linux/seal_tpm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>
#include <tss2/tss2_tctildr.h>
#include <unistd.h>

#define DEVICE "/dev/tpmrm0"

/* The TPM, its storage key, and a session that hides what goes to and fro. */
struct tpm {
	TSS2_TCTI_CONTEXT *tcti;
	ESYS_CONTEXT *esys;
	ESYS_TR primary;
	ESYS_TR session;
};

/*
 * The usual storage key: P-256, made anew each time from the owner's seed, so
 * that nothing has to be kept in the TPM.
 */
static const TPM2B_PUBLIC primary_template = {
	.publicArea =
		{
			.type = TPM2_ALG_ECC,
			.nameAlg = TPM2_ALG_SHA256,
			.objectAttributes =
				TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT |
				TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
				TPMA_OBJECT_SENSITIVEDATAORIGIN |
				TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA,
			.parameters.eccDetail =
				{
					.symmetric =
						{
							.algorithm =
								TPM2_ALG_AES,
							.keyBits.aes = 128,
							.mode.aes =
								TPM2_ALG_CFB,
						},
					.scheme.scheme = TPM2_ALG_NULL,
					.curveID = TPM2_ECC_NIST_P256,
					.kdf.scheme = TPM2_ALG_NULL,
				},
		},
};

/* Without a password, hence outside of the lockout that guessing leads to. */
static const TPM2B_PUBLIC sealed_template = {
	.publicArea =
		{
			.type = TPM2_ALG_KEYEDHASH,
			.nameAlg = TPM2_ALG_SHA256,
			.objectAttributes =
				TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
				TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA,
			.parameters.keyedHashDetail.scheme.scheme =
				TPM2_ALG_NULL,
		},
};

/* BATON_TPM names another one, as the TSS does: "swtpm:port=2321". */
static const char *where(void)
{
	const char *named = secure_getenv("BATON_TPM");

	if (named && named[0])
		return named;
	return access(DEVICE, R_OK | W_OK) ? NULL : "device:" DEVICE;
}

bool baton_seal_tpm_is_there(void)
{
	return where() != NULL;
}

/* errno for what the TPM or the layers before it said; false. */
static bool failed(TSS2_RC rc)
{
	TSS2_RC layer = rc & TSS2_RC_LAYER_MASK;
	TSS2_RC code = rc & 0xffff;

	if (layer == TSS2_TCTI_RC_LAYER) {
		errno = ENODEV;
		return false;
	}
	if (layer != TSS2_TPM_RC_LAYER && layer != TSS2_RESMGR_TPM_RC_LAYER) {
		errno = EIO;
		return false;
	}
	/* Format one carries the number of what was wrong beside the code. */
	if (code & TPM2_RC_FMT1)
		code &= TPM2_RC_FMT1 | 0x3f;
	switch (code) {
	case TPM2_RC_LOCKOUT:
	case TPM2_RC_RETRY:
		errno = EAGAIN;
		break;
	case TPM2_RC_BAD_AUTH:
	case TPM2_RC_AUTH_FAIL:
	case TPM2_RC_HIERARCHY:
		errno = EKEYREVOKED;
		break;
	case TPM2_RC_INTEGRITY:
	case TPM2_RC_BINDING:
	case TPM2_RC_SIZE:
	case TPM2_RC_HASH:
		errno = EKEYREJECTED;
		break;
	default:
		errno = EIO;
		break;
	}
	return false;
}

static void tpm_close(struct tpm *tpm)
{
	int saved = errno;

	if (tpm->session != ESYS_TR_NONE)
		(void)Esys_FlushContext(tpm->esys, tpm->session);
	if (tpm->primary != ESYS_TR_NONE)
		(void)Esys_FlushContext(tpm->esys, tpm->primary);
	if (tpm->esys)
		Esys_Finalize(&tpm->esys);
	if (tpm->tcti)
		Tss2_TctiLdr_Finalize(&tpm->tcti);
	errno = saved;
}

static TSS2_RC start_session(struct tpm *tpm)
{
	const TPMT_SYM_DEF cipher = {
		.algorithm = TPM2_ALG_AES,
		.keyBits.aes = 128,
		.mode.aes = TPM2_ALG_CFB,
	};
	const TPMA_SESSION flags = TPMA_SESSION_DECRYPT | TPMA_SESSION_ENCRYPT |
				   TPMA_SESSION_CONTINUESESSION;
	TSS2_RC rc;

	rc = Esys_StartAuthSession(tpm->esys, tpm->primary, ESYS_TR_NONE,
				   ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
				   NULL, TPM2_SE_HMAC, &cipher, TPM2_ALG_SHA256,
				   &tpm->session);
	if (rc)
		return rc;
	return Esys_TRSess_SetAttributes(tpm->esys, tpm->session, flags, flags);
}

static TSS2_RC make_primary(struct tpm *tpm)
{
	const TPM2B_SENSITIVE_CREATE sensitive = {.size = 0};
	const TPM2B_DATA outside = {.size = 0};
	const TPML_PCR_SELECTION pcr = {.count = 0};
	TPM2B_PUBLIC *public = NULL;
	TPM2B_CREATION_DATA *data = NULL;
	TPM2B_DIGEST *hash = NULL;
	TPMT_TK_CREATION *ticket = NULL;
	TSS2_RC rc;

	rc = Esys_CreatePrimary(tpm->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD,
				ESYS_TR_NONE, ESYS_TR_NONE, &sensitive,
				&primary_template, &outside, &pcr,
				&tpm->primary, &public, &data, &hash, &ticket);
	Esys_Free(public);
	Esys_Free(data);
	Esys_Free(hash);
	Esys_Free(ticket);
	return rc;
}

static bool tpm_open(struct tpm *tpm)
{
	const char *name = where();
	TSS2_RC rc;

	*tpm = (struct tpm){.primary = ESYS_TR_NONE, .session = ESYS_TR_NONE};
	/* Its own words would go to stderr; ours say what to do. */
	setenv("TSS2_LOG", "all+none", 0);
	if (!name || Tss2_TctiLdr_Initialize(name, &tpm->tcti)) {
		errno = ENODEV;
		return false;
	}
	rc = Esys_Initialize(&tpm->esys, tpm->tcti, NULL);
	if (!rc)
		rc = make_primary(tpm);
	if (!rc)
		rc = start_session(tpm);
	if (!rc)
		return true;
	(void)failed(rc);
	tpm_close(tpm);
	return false;
}

/* public | private, as the TSS writes them. */
static TSS2_RC write_blob(const TPM2B_PUBLIC *public,
			  const TPM2B_PRIVATE *private, uint8_t *blob,
			  size_t *len)
{
	TSS2_RC rc;

	*len = 0;
	rc = Tss2_MU_TPM2B_PUBLIC_Marshal(public, blob, BATON_SEAL_TPM_BLOB_MAX,
					  len);
	if (rc)
		return rc;
	return Tss2_MU_TPM2B_PRIVATE_Marshal(private, blob,
					     BATON_SEAL_TPM_BLOB_MAX, len);
}

bool baton_seal_tpm_wrap(const uint8_t key[BATON_SEAL_TPM_KEY_LEN],
			 uint8_t *blob, size_t *len)
{
	TPM2B_SENSITIVE_CREATE sensitive = {.sensitive.data.size =
						    BATON_SEAL_TPM_KEY_LEN};
	const TPM2B_DATA outside = {.size = 0};
	const TPML_PCR_SELECTION pcr = {.count = 0};
	TPM2B_PRIVATE *private = NULL;
	TPM2B_PUBLIC *public = NULL;
	TPM2B_CREATION_DATA *data = NULL;
	TPM2B_DIGEST *hash = NULL;
	TPMT_TK_CREATION *ticket = NULL;
	struct tpm tpm;
	TSS2_RC rc;

	if (!tpm_open(&tpm))
		return false;
	memcpy(sensitive.sensitive.data.buffer, key, BATON_SEAL_TPM_KEY_LEN);
	rc = Esys_Create(tpm.esys, tpm.primary, tpm.session, ESYS_TR_NONE,
			 ESYS_TR_NONE, &sensitive, &sealed_template, &outside,
			 &pcr, &private, &public, &data, &hash, &ticket);
	explicit_bzero(&sensitive, sizeof(sensitive));
	if (!rc)
		rc = write_blob(public, private, blob, len);
	Esys_Free(private);
	Esys_Free(public);
	Esys_Free(data);
	Esys_Free(hash);
	Esys_Free(ticket);
	tpm_close(&tpm);
	return rc ? failed(rc) : true;
}

bool baton_seal_tpm_unwrap(const uint8_t *blob, size_t len,
			   uint8_t key[BATON_SEAL_TPM_KEY_LEN])
{
	TPM2B_PUBLIC public = {.size = 0};
	TPM2B_PRIVATE private = {.size = 0};
	TPM2B_SENSITIVE_DATA *data = NULL;
	ESYS_TR object = ESYS_TR_NONE;
	bool good = false;
	struct tpm tpm;
	size_t at = 0;
	TSS2_RC rc;

	if (Tss2_MU_TPM2B_PUBLIC_Unmarshal(blob, len, &at, &public) ||
	    Tss2_MU_TPM2B_PRIVATE_Unmarshal(blob, len, &at, &private)) {
		errno = EKEYREJECTED;
		return false;
	}
	if (!tpm_open(&tpm))
		return false;
	rc = Esys_Load(tpm.esys, tpm.primary, tpm.session, ESYS_TR_NONE,
		       ESYS_TR_NONE, &private, &public, &object);
	if (!rc)
		rc = Esys_Unseal(tpm.esys, object, tpm.session, ESYS_TR_NONE,
				 ESYS_TR_NONE, &data);
	if (rc) {
		(void)failed(rc);
	} else if (data->size != BATON_SEAL_TPM_KEY_LEN) {
		errno = EKEYREJECTED;
	} else {
		memcpy(key, data->buffer, BATON_SEAL_TPM_KEY_LEN);
		good = true;
	}
	if (data)
		explicit_bzero(data, sizeof(*data));
	Esys_Free(data);
	if (object != ESYS_TR_NONE)
		(void)Esys_FlushContext(tpm.esys, object);
	tpm_close(&tpm);
	return good;
}
