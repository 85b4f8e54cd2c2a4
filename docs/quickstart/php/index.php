<?php
// SPDX-License-Identifier: ISC
// Behind mod_auth_openidc: the web server has signed the person in before this runs.
$name = $_SERVER['OIDC_CLAIM_name'] ?? $_SERVER['REMOTE_USER'];
?>
<!DOCTYPE html>
<html lang="en">
<title>Quick start</title>
<p>Hello, <?= htmlspecialchars($name, ENT_QUOTES | ENT_SUBSTITUTE, 'UTF-8') ?>.</p>
<p><a href="/oidc-callback?logout=<?= rawurlencode('https://wiki.example.org/bye') ?>">Sign out</a></p>
