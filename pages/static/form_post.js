HTMLFormElement.prototype.submit.call(document.forms[0]); // a field may be named "submit"
